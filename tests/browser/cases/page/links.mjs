// Links to share a file, and to hand files in.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Visitor, arrive, fill, withFolder } from '../../visitor.mjs';

const made = (dialog, label) => dialog.getByLabel(label, { exact: true }).inputValue();

export async function a_file_is_shared_for_a_while(all) {
  await fill(all.coffer, ['share/a.txt']);
  const visitor = await arrive(all, '#/user/share/');
  await visitor.select('a.txt');
  await visitor.button('Share').click();
  const dialog = visitor.dialog('Share a.txt');
  await dialog.getByLabel('Valid for').selectOption('1 day');
  await dialog.getByRole('button', { name: 'Make the link' }).click();
  await dialog.getByText(/^Until /).waitFor();
  const answer = await fetch(await made(dialog, 'Link'));
  assert.equal(await answer.text(), 'share/a.txt');
  await visitor.close();
}

export async function a_public_file_has_a_lasting_link(all) {
  await fill(all.coffer, ['share/b.txt'], 'public');
  const visitor = await arrive(all, '#/public/share/');
  await visitor.select('b.txt');
  await visitor.button('Share').click();
  const dialog = visitor.dialog('Share b.txt');
  await dialog.getByRole('button', { name: 'Make the link' }).click();
  await dialog.getByLabel('Link', { exact: true }).waitFor();
  assert.equal(await made(dialog, 'Link'), `${all.coffer.url}/v1/public/files/share/b.txt`);
  await visitor.close();
}

export async function strangers_hand_in_files_and_folders_and_see_nothing(all) {
  await fill(all.coffer, ['inbox/secret.txt']);
  const visitor = await arrive(all, '#/user/');
  await visitor.select('inbox');
  await visitor.button('Ask for files').click();
  const dialog = visitor.dialog('Ask for files in inbox');
  await dialog.getByRole('button', { name: 'Make the link' }).click();
  await dialog.getByText(/^Until /).waitFor();
  const url = new URL(await made(dialog, 'Link for people'));

  const stranger = await Visitor.open(all.browser, url.origin, url.hash);
  await stranger.page.getByRole('heading', { name: 'Hand in files' }).waitFor();
  await withFolder(async (folder) => {
    await mkdir(join(folder, 'trip'));
    await writeFile(join(folder, 'cv.txt'), 'cv');
    await writeFile(join(folder, 'trip', 'photo.txt'), 'photo');
    await writeFile(join(folder, 'secret.txt'), 'mine');
    await stranger.choose(stranger.button('Upload files'), [join(folder, 'cv.txt'), join(folder, 'secret.txt')]);
    await stranger.upload('cv.txt').getByText('Uploaded').waitFor();
    await stranger.upload('secret.txt').getByText(/Already exists: /).waitFor();
    await stranger.drop([join(folder, 'trip')]);
    await stranger.upload('photo.txt').getByText('Uploaded').waitFor();
  });
  assert.equal(stranger.requests.some((request) => /v1.*\/files/.test(request.url())), false);
  await stranger.close();

  await dialog.getByRole('button', { name: 'Close' }).click();
  await visitor.row('inbox').getByRole('link').click();
  await visitor.sees('cv.txt', 'secret.txt', 'trip');
  await visitor.close();
}
