// Signing in and out.

import assert from 'node:assert/strict';

import { Visitor } from '../../visitor.mjs';

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
  await dialog.getByText(/Invalid token.*Sign in again/).waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await visitor.hears('Invalid token');
  await visitor.close();
}
