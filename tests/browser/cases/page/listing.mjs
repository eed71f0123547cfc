// Folders, names and the keyboard.

import assert from 'node:assert/strict';

import { arrive, fill } from '../../visitor.mjs';

export async function areas_and_folders_are_walked(all) {
  await fill(all.coffer, ['walk/a.txt', 'walk/b c/d #1%/e.txt']);
  await fill(all.coffer, ['walk/of acme.txt'], 'org');
  const visitor = await arrive(all, '#/user/walk/');
  await visitor.sees('a.txt', 'b c');
  await visitor.row('b c').getByRole('link').click();
  await visitor.sees('d #1%');
  await visitor.row('d #1%').getByRole('link').click();
  await visitor.sees('e.txt');
  const crumbs = visitor.page.getByRole('navigation', { name: 'Folder' });
  assert.deepEqual(await crumbs.getByRole('link').allTextContents(), ['My files', 'walk', 'b c', 'd #1%']);
  await crumbs.getByRole('link', { name: 'walk' }).click();
  await visitor.sees('a.txt', 'b c');
  await visitor.page.goBack();
  await visitor.sees('e.txt');
  await visitor.page.reload();
  await visitor.sees('e.txt');
  await visitor.page.getByRole('link', { name: 'Organization' }).click();
  await visitor.row('walk').getByRole('link').click();
  await visitor.sees('of acme.txt');
  await visitor.close();
}

export async function names_are_found_by_how_they_begin(all) {
  await fill(all.coffer, ['find/apple.txt', 'find/apricot.txt', 'find/ap/x.txt', 'find/banana.txt']);
  const visitor = await arrive(all, '#/user/find/');
  const search = visitor.page.getByRole('searchbox');
  await search.fill('ap');
  await visitor.sees('ap', 'apple.txt', 'apricot.txt');
  await search.fill('apr');
  await visitor.sees('apricot.txt');
  await search.fill('none');
  await visitor.hears('No name here begins with that');
  await search.fill('');
  await visitor.sees('ap', 'apple.txt', 'apricot.txt', 'banana.txt');
  await visitor.close();
}

export async function a_name_is_text_whatever_it_looks_like(all) {
  const markup = '<img src=x onerror="document.title=1">&amp;.txt';
  await fill(all.coffer, [`hostile/${markup}`, 'hostile/photo\u202egpj.exe', 'hostile/javascript:alert(1).txt', 'hostile/'.padEnd(800, 'long ')]);
  const visitor = await arrive(all, '#/user/hostile/');
  await visitor.row(markup).waitFor();
  const names = await visitor.names();
  assert.ok(names.includes('photo\ufffdgpj.exe') && names.includes('javascript:alert(1).txt'), names);
  await visitor.row(markup).getByRole('button').click();
  await visitor.dialog(markup).getByText('text/plain').waitFor();
  assert.equal(await visitor.page.locator('img[src="x"]').count(), 0);
  assert.match(await visitor.page.title(), /hostile/);
  assert.equal(await visitor.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  await visitor.close();
}

export async function everything_can_be_done_with_the_keyboard(all) {
  await fill(all.coffer, ['keys/a.txt', 'keys/b.txt', 'keys/c.txt', 'keys/in/d.txt']);
  const visitor = await arrive(all, '#/user/keys/');
  await visitor.sees('a.txt', 'b.txt', 'c.txt', 'in');
  const { keyboard } = visitor.page;
  const focused = () => visitor.page.evaluate(() => document.activeElement.textContent);
  // Tab reaches one row, arrows the others.
  await visitor.page.getByRole('searchbox').focus();
  while (await focused() !== 'a.txt') await keyboard.press('Tab');
  await keyboard.press('ArrowDown');
  assert.equal(await focused(), 'b.txt');
  await keyboard.press('End');
  assert.equal(await focused(), 'in');
  await keyboard.press('Home');
  await keyboard.press('Space');
  await keyboard.press('Shift+ArrowDown');
  await visitor.hears('2 items selected');
  await keyboard.press('Escape');
  assert.equal(await visitor.page.locator('[role=row][aria-selected=true]').count(), 0);
  await keyboard.press('F2');
  await keyboard.type('bb');
  await keyboard.press('Enter');
  await visitor.sees('a.txt', 'bb.txt', 'c.txt', 'in');
  await keyboard.press('Home');
  await keyboard.press('Delete');
  await visitor.dialog('Delete 1 item').waitFor();
  await visitor.dialog('Delete 1 item').getByRole('button', { name: 'Delete' }).focus();
  await keyboard.press('Enter');
  await visitor.sees('bb.txt', 'c.txt', 'in');
  // The focus stays where the row was, once the dialog is gone.
  const focuses = (text) => visitor.page.waitForFunction(
    (expected) => document.activeElement.textContent === expected, text);
  await focuses('bb.txt');
  await keyboard.press('Enter');
  await visitor.dialog('bb.txt').waitFor();
  await keyboard.press('Escape');
  await focuses('bb.txt');
  await keyboard.press('End');
  await keyboard.press('Enter');
  await visitor.sees('d.txt');
  await visitor.close();
}
