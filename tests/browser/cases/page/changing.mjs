// Rename, move, copy, delete and metadata.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { arrive, fill, withFolder } from '../../visitor.mjs';

const info = async ({ url, alice }, area, name) => {
  const answer = await fetch(`${url}/v1/${area}/info/${encodeURIComponent(name)}`, { headers: { authorization: alice } });
  return answer.ok ? answer.json() : answer.status;
};

async function submit(visitor, title, action, fieldsOf = async () => {}) {
  const dialog = visitor.dialog(title);
  await fieldsOf(dialog);
  await dialog.getByRole('button', { name: action, exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}

export async function a_file_and_a_folder_are_renamed(all) {
  await fill(all.coffer, ['rename/a.txt', 'rename/b.txt', 'rename/old/c.txt']);
  const visitor = await arrive(all, '#/user/rename/');
  await visitor.select('a.txt');
  await visitor.button('Rename').click();
  await submit(visitor, 'Rename', 'Rename', (dialog) => dialog.getByLabel('New name').fill('z.txt'));
  await visitor.sees('b.txt', 'old', 'z.txt');
  await visitor.select('old');
  await visitor.button('Rename').click();
  await submit(visitor, 'Rename', 'Rename', (dialog) => dialog.getByLabel('New name').fill('new'));
  await visitor.sees('b.txt', 'new', 'z.txt');
  assert.equal((await info(all.coffer, 'user', 'rename/new/c.txt')).size, 16);

  // Another file's name: refused in the server's words, and done if the user insists.
  await visitor.select('z.txt');
  await visitor.button('Rename').click();
  await submit(visitor, 'Rename', 'Rename', (dialog) => dialog.getByLabel('New name').fill('b.txt'));
  await visitor.dialog('1 file failed').getByText(/z\.txt Already exists: /).waitFor();
  await visitor.dialog('1 file failed').getByRole('button', { name: 'Close' }).click();
  await visitor.sees('b.txt', 'new', 'z.txt');
  await visitor.button('Rename').click();
  await submit(visitor, 'Rename', 'Rename', async (dialog) => {
    await dialog.getByLabel('New name').fill('b.txt');
    await dialog.getByLabel('Replace files that exist').check();
  });
  await visitor.sees('b.txt', 'new');
  await visitor.close();
}

export async function many_are_moved_and_copied_between_areas_and_what_failed_is_named(all) {
  await fill(all.coffer, ['many/a.txt', 'many/b.txt', 'many/in/c.txt', 'many/in/d.txt', 'many/e.txt']);
  await fill(all.coffer, ['taken/b.txt'], 'org');
  const visitor = await arrive(all, '#/user/many/');
  await visitor.sees('a.txt', 'b.txt', 'e.txt', 'in');
  await visitor.select('a.txt', 'b.txt', 'in');
  await visitor.button('Move').click();
  await submit(visitor, 'Move 3 items', 'Move', async (dialog) => {
    await dialog.getByLabel('To', { exact: true }).selectOption('org');
    await dialog.getByLabel(/^Folder/).fill('taken');
  });
  const failed = visitor.dialog('1 file failed');
  await failed.getByText('many/b.txt', { exact: true }).waitFor();
  await failed.getByText(/Already exists: /).waitFor();
  await failed.getByRole('button', { name: 'Close' }).click();
  await visitor.hears('Moved 3 files');
  await visitor.sees('b.txt', 'e.txt');
  assert.equal((await info(all.coffer, 'org', 'taken/in/d.txt')).size, 13);
  assert.equal(await info(all.coffer, 'user', 'many/a.txt'), 404);

  await visitor.page.getByLabel('Select all shown').check();
  await visitor.button('Copy').click();
  await submit(visitor, 'Copy 2 items', 'Copy', (dialog) => dialog.getByLabel(/^Folder/).fill('many/copies'));
  await visitor.hears('Copied 2 files');
  await visitor.sees('b.txt', 'copies', 'e.txt');
  await visitor.close();
}

export async function many_are_deleted_and_what_failed_is_named(all) {
  await fill(all.coffer, ['gone/a.txt', 'gone/b.txt', 'gone/in/c.txt', 'gone/stays.txt']);
  const visitor = await arrive(all, '#/user/gone/');
  await visitor.sees('a.txt', 'b.txt', 'in', 'stays.txt');
  // The server keeps one of them, for a reason of its own.
  await visitor.page.route('**/v1/user/delete', async (route) => {
    const wanted = route.request().postDataJSON();
    if (!wanted.names) return route.continue();
    const names = wanted.names.filter((name) => name !== 'gone/b.txt');
    const answer = await route.fetch({ postData: JSON.stringify({ names }) });
    const problem = { type: '/problems/forbidden', title: 'Forbidden', status: 403, detail: 'it is b' };
    const { done, next } = await answer.json();
    return route.fulfill({ json: { done, failed: [{ name: 'gone/b.txt', problem }], next } });
  });
  await visitor.select('a.txt', 'b.txt', 'in');
  await visitor.button('Delete').click();
  await visitor.dialog('Delete 3 items').getByRole('button', { name: 'Cancel' }).click();
  await visitor.sees('a.txt', 'b.txt', 'in', 'stays.txt');
  await visitor.button('Delete').click();
  await submit(visitor, 'Delete 3 items', 'Delete');
  await visitor.hears('Deleted 2 files');
  const failed = visitor.dialog('1 file failed');
  await failed.getByText('gone/b.txt Forbidden: it is b').waitFor();
  await failed.getByRole('button', { name: 'Close' }).click();
  await visitor.sees('b.txt', 'stays.txt');
  assert.equal(await info(all.coffer, 'user', 'gone/in/c.txt'), 404);
  await visitor.close();
}

export async function metadata_is_shown_changed_and_kept_from_overwriting(all) {
  await fill(all.coffer, ['meta/a.txt']);
  const visitor = await arrive(all, '#/user/meta/');
  await visitor.row('a.txt').getByRole('button').click();
  const dialog = visitor.dialog('a.txt');
  await dialog.getByLabel('Metadata').fill('title: Zoë: ☂\nempty:\nindented:   x');
  await dialog.getByRole('button', { name: 'Save metadata' }).click();
  // In the dialog, since all else is inert.
  await dialog.getByRole('status').filter({ hasText: 'Saved' }).waitFor();
  const metadata = { title: 'Zoë: ☂', empty: '', indented: '  x' };
  assert.deepEqual((await info(all.coffer, 'user', 'meta/a.txt')).metadata, metadata);

  // Another version has come meanwhile.
  await fill(all.coffer, ['meta/a.txt']);
  await dialog.getByLabel('Metadata').fill('title: late');
  await dialog.getByRole('button', { name: 'Save metadata' }).click();
  await dialog.getByRole('alert').filter({ hasText: 'Precondition failed' }).waitFor();
  assert.deepEqual((await info(all.coffer, 'user', 'meta/a.txt')).metadata, {});
  await visitor.close();
}

export async function a_folder_is_moved_onto_the_one_that_is_shown(all) {
  await fill(all.coffer, ['onto/trip/c.txt', 'onto/trip/trip/a.txt', 'onto/trip/trip/b.txt']);
  const visitor = await arrive(all, '#/user/onto/trip/');
  await visitor.sees('c.txt', 'trip');
  // A first step that does nothing leads to the one that does all.
  await visitor.page.route('**/v1/user/move', (route) => {
    const { cursor, ...wanted } = route.request().postDataJSON();
    if (cursor) return route.continue({ postData: JSON.stringify(wanted) });
    return route.fulfill({ json: { done: 1, failed: [], next: 'more' } });
  });
  await visitor.select('trip');
  await visitor.button('Move').click();
  await submit(visitor, 'Move 1 item', 'Move', (dialog) => dialog.getByLabel(/^Folder/).fill('onto'));
  await visitor.hears('Moved 3 files');
  await visitor.sees('a.txt', 'b.txt', 'c.txt');
  assert.equal(await visitor.page.getByRole('dialog').count(), 0, 'nothing failed');
  await visitor.close();
}

export async function going_back_closes_what_asks_about_another_place(all) {
  await fill(all.coffer, ['back/a.txt', 'back/b.txt']);
  await fill(all.coffer, ['back/a.txt'], 'org');
  const visitor = await arrive(all, '#/user/back/');
  await visitor.sees('a.txt', 'b.txt');
  await visitor.page.evaluate(() => { location.hash = '#/org/back/'; });
  await visitor.sees('a.txt');
  for (const [button, title] of [['Rename', 'Rename'], ['Share', 'Share a.txt'], ['Delete', 'Delete 1 item']]) {
    await visitor.select('a.txt');
    await visitor.button(button).click();
    await visitor.dialog(title).waitFor();
    await visitor.page.goBack();
    await visitor.dialog(title).waitFor({ state: 'detached' });
    await visitor.sees('a.txt', 'b.txt');
    await visitor.page.goForward();
    await visitor.sees('a.txt');
  }
  await visitor.close();
}

export async function a_selection_keeps_its_buttons_while_files_arrive(all) {
  await fill(all.coffer, ['focus/a.txt']);
  const visitor = await arrive(all, '#/user/focus/');
  await visitor.select('a.txt');
  await visitor.button('Rename').evaluate((button) => { button.dataset.kept = 'yes'; });
  await withFolder(async (folder) => {
    await writeFile(join(folder, 'b.txt'), 'b');
    await visitor.drop([join(folder, 'b.txt')]);
    await visitor.sees('a.txt', 'b.txt');
  });
  assert.equal(await visitor.button('Rename').getAttribute('data-kept'), 'yes');
  await visitor.close();
}
