// Debian's Chromium, and what its tabs show.

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { chromium } from 'playwright-core';

import { until } from './until.mjs';

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

function onPath(program) {
  const found = process.env.PATH.split(delimiter).map((folder) => join(folder, program)).find(existsSync);
  if (!found) throw new Error(`${program} is not installed: run \`just browser\``);
  return found;
}

export class Browser {
  /** With a profile of its own, which is removed with it, and with these flags and options. */
  static async start(flags = [], options = {}) {
    const args = [...FLAGS, ...flags];
    const browser = await chromium.launch({ executablePath: onPath('chromium'), args });
    return new Browser(browser, await browser.newContext(options));
  }

  constructor(browser, context) {
    this.browser = browser;
    this.context = context;
  }

  async stop() {
    await this.browser.close();
  }

  /** A new tab. With a URL, it has opened that, whether a document or a download. */
  async tab(url) {
    const page = await this.context.newPage();
    const tab = new Tab(page, await this.context.newCDPSession(page));
    if (url) await tab.open(url);
    return tab;
  }

  async closeTabs() {
    await Promise.all(this.context.pages().map((page) => page.close()));
  }
}

export class Tab {
  constructor(page, session) {
    this.page = page;
    this.session = session;
    this.downloads = [];
    this.responses = [];
    this.aborted = [];
    page.on('download', (download) => this.downloads.push(download.url()));
    page.on('response', (response) => this.responses.push(response));
    page.on('requestfailed', (request) => this.aborted.push(request.url()));
  }

  async open(url) {
    try {
      await this.page.goto(url);
    } catch (error) {
      if (!/Download is starting|ERR_ABORTED/.test(error.message)) throw error;
    }
  }

  /** Runs a function in the page, which must be allowed to run script. */
  run(action, argument) {
    return this.page.evaluate(action, argument);
  }

  /**
   * What a function without arguments sees in the document of the tab or of its frame, if
   * it has one. It works even if the document may not run script, and so it must not wait:
   * promises never settle there.
   */
  async see(action) {
    let [, frame] = this.page.frames();
    let session = this.session;
    if (frame) {
      // A frame of another site is a target of its own.
      session = await this.page.context().newCDPSession(frame).catch(() => this.session);
    }
    const { frameTree } = await session.send('Page.getFrameTree');
    const isWithin = frame && session === this.session;
    const { id: frameId } = (isWithin ? frameTree.childFrames[0] : frameTree).frame;
    const { executionContextId } = await session.send('Page.createIsolatedWorld', { frameId });
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
      expression: `(${action})()`, contextId: executionContextId, returnByValue: true,
    });
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return result.value;
  }

  /** Polls `see` until `isRight` accepts the result. */
  async seeUntil(action, isRight) {
    return until(() => this.see(action), isRight);
  }

  /** The ranges of a URL's 206 responses: [first, last, size] each. */
  ranges(url) {
    const found = this.responses.filter((response) => response.url() === url && response.status() === 206);
    return found.map((response) => response.headers()['content-range'].match(/\d+/g).map(Number));
  }
}
