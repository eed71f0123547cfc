// Somebody at Coffer's own page.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { until } from './until.mjs';

/** In milliseconds: a sound page needs a fraction of it. */
const PATIENCE = 20_000;

export class Visitor {
  /** At the page of `url`, with this fragment; `options` are those of a browser context. */
  static async open(browser, url, fragment = '', options = {}) {
    const context = await browser.browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const visitor = new Visitor(page, url);
    page.on('request', (request) => visitor.requests.push(request));
    page.on('dialog', (dialog) => dialog.accept());
    page.on('console', (message) => { if (message.type() === 'error') visitor.errors.push(message.text()); });
    page.on('pageerror', (error) => visitor.errors.push(String(error)));
    await page.goto(`${url}/${fragment}`);
    await page.locator('header.top').waitFor();
    return visitor;
  }

  constructor(page, url) {
    this.page = page;
    this.url = url;
    this.requests = [];
    this.errors = [];
  }

  close() {
    return this.page.context().close();
  }

  /** Signs in as a developer. */
  async signIn(user = 'alice', org = 'acme') {
    await this.button('Sign in').first().click();
    const dialog = this.dialog('Sign in');
    await dialog.getByLabel('User').fill(user);
    await dialog.getByLabel('Organization').fill(org);
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await this.page.locator('.account span').waitFor();
  }

  button(name) {
    return this.page.getByRole('button', { name, exact: true });
  }

  dialog(name) {
    return this.page.getByRole('dialog', { name });
  }

  /** The row of a file or folder of the list. */
  row(name) {
    return this.page.locator('.rows .row').filter({ has: this.page.locator('.open', { hasText: new RegExp(`^${escaped(name)}$`) }) });
  }

  /** The names in the list. */
  names() {
    return this.page.locator('.rows .open').allTextContents();
  }

  /** Waits until the list has these names and no others. */
  async sees(...names) {
    await until(() => this.names(), (seen) => JSON.stringify(seen) === JSON.stringify(names));
  }

  async select(...names) {
    for (const name of names) await this.row(name).getByRole('checkbox').check();
  }

  /** Waits until a message or a status says this. */
  async hears(words) {
    await this.page.locator('[role=status], [role=alert]').filter({ hasText: words }).first().waitFor();
  }

  /** The uploads' row of a file. */
  upload(name) {
    return this.page.locator('.panel li').filter({ hasText: name });
  }

  /** Chooses files, or a folder, by a button. */
  async choose(button, paths) {
    const [chooser] = await Promise.all([this.page.waitForEvent('filechooser'), button.click()]);
    await chooser.setFiles(paths);
  }

  /** Drags files and folders from the desktop onto the page. */
  async drop(paths) {
    const session = await this.page.context().newCDPSession(this.page);
    const data = { items: [], files: paths, dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop']) {
      await session.send('Input.dispatchDragEvent', { type, x: 200, y: 200, data });
    }
    await session.detach();
  }
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Runs this with a folder that is removed afterwards. */
export async function withFolder(run) {
  const folder = await mkdtemp(join(tmpdir(), 'page-'));
  try {
    return await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Stores files of alice's. */
export async function fill(coffer, names, area = 'user') {
  for (const name of names) {
    const url = `${coffer.url}/v1/${area}/files/${encodeURIComponent(name)}`;
    const answer = await fetch(url, { method: 'PUT', body: name, headers: { authorization: coffer.alice } });
    assert.ok(answer.ok, name);
  }
}

/** At a folder of alice's. */
export async function arrive({ browser, coffer }, fragment, options) {
  const visitor = await Visitor.open(browser, coffer.url, fragment, options);
  await visitor.signIn();
  return visitor;
}
