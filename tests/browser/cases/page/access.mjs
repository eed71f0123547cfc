// For everybody: screen readers, dark and light, phones, and nothing from other hosts.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { Visitor, arrive, fill } from '../../visitor.mjs';

const axe = await readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

/** Asserts that axe finds nothing serious. */
async function check(visitor, what) {
  await visitor.page.evaluate(axe);
  const { violations } = await visitor.page.evaluate(() => window.axe.run());
  const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
  assert.deepEqual(serious.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => `${html}: ${failureSummary}`)]), [], what);
}

export async function axe_finds_nothing_serious_light_and_dark_wide_and_narrow(all) {
  await fill(all.coffer, ['axe/a.txt', 'axe/b.png', 'axe/in/c.txt']);
  for (const [colorScheme, width] of [['light', 1200], ['dark', 360]]) {
    const options = { colorScheme, viewport: { width, height: 740 } };
    const stranger = await Visitor.open(all.browser, all.coffer.url, '#/user/axe/', options);
    await stranger.hears('Unauthenticated');
    await check(stranger, 'signed out');
    await stranger.button('Sign in').first().click();
    await check(stranger, 'signing in');
    await stranger.close();

    const visitor = await arrive(all, '#/user/axe/', options);
    await visitor.sees('a.txt', 'b.png', 'in');
    await check(visitor, 'a list');
    await visitor.select('a.txt', 'in');
    await check(visitor, 'a selection');
    for (const [button, title] of [['Move', 'Move 2 items'], ['Delete', 'Delete 2 items']]) {
      await visitor.button(button).click();
      await visitor.dialog(title).waitFor();
      await check(visitor, title);
      await visitor.page.keyboard.press('Escape');
    }
    await visitor.row('a.txt').getByRole('button').click();
    await visitor.dialog('a.txt').getByText('text/plain').waitFor();
    await check(visitor, 'a file');
    await visitor.dialog('a.txt').getByRole('button', { name: 'Share' }).click();
    const share = visitor.dialog('Share a.txt');
    await share.getByRole('button', { name: 'Make the link' }).click();
    await share.getByText(/^Until /).waitFor();
    await check(visitor, 'a link');
    await visitor.page.keyboard.press('Escape');
    await visitor.page.getByRole('searchbox').fill('x');
    await visitor.hears('No name here');
    await check(visitor, 'an empty list');
    // Nothing is wider than the screen.
    assert.equal(await visitor.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
    await visitor.close();
  }
}

export async function it_follows_the_colours_that_the_user_prefers(all) {
  const backgrounds = [];
  for (const colorScheme of ['light', 'dark']) {
    const visitor = await Visitor.open(all.browser, all.coffer.url, '', { colorScheme });
    backgrounds.push(await visitor.page.evaluate(() => getComputedStyle(document.body).backgroundColor));
    await visitor.close();
  }
  assert.notEqual(backgrounds[0], backgrounds[1]);
}

export async function it_needs_no_other_host_and_breaks_none_of_its_own_rules(all) {
  await fill(all.coffer, ['alone/a.txt']);
  const visitor = await arrive(all, '#/user/alone/');
  await visitor.row('a.txt').getByRole('button').click();
  await visitor.dialog('a.txt').getByText('text/plain').waitFor();
  const hosts = new Set(visitor.requests.map((request) => new URL(request.url()).origin));
  assert.deepEqual([...hosts], [all.coffer.url]);
  const apart = visitor.requests.map((request) => new URL(request.url()).pathname).filter((path) => !/^\/(page\/.*|v1\/.*)?$/.test(path));
  assert.deepEqual(apart, []);
  // Such as that the policy forbids something; that a token is needed is none.
  assert.deepEqual(visitor.errors.filter((text) => !text.includes('401')), []);
  await visitor.close();
}

export async function all_its_words_are_in_one_file(all) {
  const files = await fetch(all.coffer.url).then((answer) => answer.text());
  assert.equal(files.replace(/<title>Coffer<\/title>/, '').replace(/<[^>]*>/g, '').trim(), '');
}

export async function an_error_is_told_in_the_servers_words(all) {
  const visitor = await arrive(all, '#/user/');
  const problem = { type: '/problems/unavailable', title: 'Unavailable', status: 503, detail: 'the storage sleeps' };
  let refuse = true;
  await visitor.page.route('**/v1/user/files?*', (route) => (refuse ? route.fulfill({ status: 503, json: problem }) : route.continue()));
  await visitor.page.evaluate(() => { location.hash = '#/user/elsewhere/'; });
  await visitor.hears('Unavailable: the storage sleeps');
  refuse = false;
  await visitor.button('Try again').click();
  await visitor.hears('Nothing here yet');
  await visitor.close();
}
