// A token that runs out while files are changed and uploaded.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { until } from '../../until.mjs';
import { Visitor, withFolder } from '../../visitor.mjs';

async function paste(dialog, token) {
  await dialog.getByLabel('Token').fill(token);
  await dialog.getByRole('button', { name: 'Sign in' }).click();
}

export async function work_goes_on_with_another_token(all) {
  const { coffer, place } = all;
  const visitor = await Visitor.open(all.browser, coffer.url, '#/user/');
  await visitor.button('Sign in').first().click();
  await paste(visitor.dialog('Sign in'), place.ending);
  await visitor.hears('Nothing here yet');
  const session = await visitor.page.context().newCDPSession(visitor.page);
  await session.send('Network.enable');
  const limit = (uploadThroughput) => session.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput });
  await limit(1 << 20);
  await withFolder(async (folder) => {
    // More than one request takes.
    await writeFile(join(folder, 'large.bin'), Buffer.alloc(80 << 20));
    await visitor.choose(visitor.button('Upload files'), [join(folder, 'large.bin')]);
    await visitor.upload('large.bin').getByText(/ per second/).waitFor();
    const look = () => fetch(`${coffer.url}/v1/user/files`, { headers: { authorization: `Bearer ${place.ending}` } });
    await until(async () => (await look()).status, (status) => status === 401, 60_000);
    await limit(-1);
    const dialog = visitor.dialog('Sign in');
    await dialog.getByText(/Invalid token: .*Sign in to go on/).waitFor();
    await visitor.upload('large.bin').getByText(/Sign in to go on/).waitFor();
    await paste(dialog, coffer.alice.slice(7));
    await visitor.upload('large.bin').getByText('Uploaded').waitFor();
  });
  await visitor.sees('large.bin');
  const begun = visitor.requests.filter((request) => request.method() === 'POST' && request.url().endsWith('/uploads'));
  assert.equal(begun.length, 1, 'it goes on where it was');

  // What a dialog asks for waits for the token, too.
  await visitor.page.evaluate((token) => sessionStorage.setItem('coffer.token', token), place.ending);
  await visitor.select('large.bin');
  await visitor.button('Rename').click();
  const rename = visitor.dialog('Rename');
  await rename.getByLabel('New name').fill('small.bin');
  await rename.getByRole('button', { name: 'Rename' }).click();
  await visitor.dialog('Sign in').getByText('Invalid token').waitFor();
  await paste(visitor.dialog('Sign in'), coffer.alice.slice(7));
  await rename.waitFor({ state: 'detached' });
  await visitor.sees('small.bin');
  await visitor.close();
}
