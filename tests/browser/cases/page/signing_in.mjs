// Signing in and out.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Visitor, withFolder } from '../../visitor.mjs';

export async function a_developer_picks_a_user_and_an_organization({ browser, coffer }) {
  const visitor = await Visitor.open(browser, coffer.url, '#/user/');
  await visitor.hears('Unauthenticated');
  await visitor.signIn('ann', 'globex');
  assert.equal(await visitor.page.locator('.account span').textContent(), 'ann at globex');
  await visitor.hears('Nothing here yet');
  // It outlives a reload, as uploads that go on need, and neither the tab nor the browser.
  await visitor.page.reload();
  assert.equal(await visitor.page.locator('.account span').textContent(), 'ann at globex');
  const kept = await visitor.page.evaluate(() => [Object.keys(localStorage), document.cookie, sessionStorage.length]);
  assert.deepEqual(kept, [[], '', 2]);
  await visitor.button('Sign out').click();
  await visitor.hears('Unauthenticated');
  await visitor.close();
}

export async function a_token_is_pasted({ browser, coffer }) {
  const visitor = await Visitor.open(browser, coffer.url, '#/org/');
  await visitor.button('Sign in').first().click();
  const dialog = visitor.dialog('Sign in');
  await dialog.getByText('Paste a token instead').click();
  await dialog.getByLabel('Token').fill('something else');
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await dialog.getByRole('alert').filter({ hasText: 'not a token' }).waitFor();
  await dialog.getByLabel('Token').fill(coffer.alice.replace('Bearer ', ''));
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await visitor.page.locator('.account span', { hasText: 'alice at acme' }).waitFor();
  await visitor.close();
}

export async function a_token_that_the_server_refuses_is_reported_in_its_words({ browser, coffer }) {
  const visitor = await Visitor.open(browser, coffer.url, '#/user/');
  await visitor.page.evaluate(() => sessionStorage.setItem('coffer.token', 'a.b.c'));
  await visitor.page.reload();
  const dialog = visitor.dialog('Sign in');
  await dialog.getByText(/Invalid token.*Sign in to go on/).waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await visitor.hears('Invalid token');
  await visitor.close();
}

export async function a_sign_in_that_is_declined_is_not_asked_for_again({ browser, coffer }) {
  const visitor = await Visitor.open(browser, coffer.url, '#/user/declined/');
  await visitor.signIn();
  await visitor.hears('Nothing here yet');
  await visitor.page.evaluate(() => sessionStorage.setItem('coffer.token', 'a.b.c'));
  await withFolder(async (folder) => {
    // More than are sent at a time.
    const paths = ['1', '2', '3', '4', '5'].map((name) => join(folder, name));
    await Promise.all(paths.map((path) => writeFile(path, path)));
    await visitor.choose(visitor.button('Upload files'), paths);
    const dialog = visitor.dialog('Sign in');
    await dialog.getByText('Invalid token').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await visitor.hears('5 files failed');
  });
  assert.equal(await visitor.dialog('Sign in').count(), 0);
  // The user can still sign in.
  await visitor.page.evaluate(() => { location.hash = '#/org/declined/'; });
  await visitor.page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
  await visitor.dialog('Sign in').waitFor();
  await visitor.close();
}

export async function a_page_whose_settings_cannot_be_read_says_so({ browser, coffer }) {
  const visitor = await Visitor.open(browser, coffer.url);
  await visitor.page.route('**/page/settings.json', (route) => route.abort());
  await visitor.page.reload();
  await visitor.hears('No connection to the server');
  await visitor.button('Sign in').first().waitFor();
  await visitor.close();
}
