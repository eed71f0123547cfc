// Uploads: dropped and chosen, with progress, cancelled, refused, and over a line that breaks.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { until } from '../../until.mjs';
import { arrive, fill, withFolder } from '../../visitor.mjs';

/** A network so slow that an upload takes some seconds. */
async function slow(visitor, throughput) {
  const session = await visitor.page.context().newCDPSession(visitor.page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: throughput });
}

const content = async ({ url, alice }, name) => {
  const answer = await fetch(`${url}/v1/user/files/${encodeURIComponent(name)}`, { headers: { authorization: alice } });
  return answer.ok ? answer.text() : answer.status;
};

export async function files_and_folders_are_dropped(all) {
  const visitor = await arrive(all, '#/user/dropped/');
  await withFolder(async (folder) => {
    await mkdir(join(folder, 'trip', 'day 1'), { recursive: true });
    for (const name of ['a.txt', 'trip/b.txt', 'trip/day 1/ä.txt', 'trip/empty']) await writeFile(join(folder, name), name.replace('empty', ''));
    await writeFile(join(folder, 'trip/empty'), '');
    await visitor.drop([join(folder, 'a.txt'), join(folder, 'trip')]);
    await visitor.hears('4 files uploaded');
  });
  // They are in the list without a reload.
  await visitor.sees('a.txt', 'trip');
  for (const name of ['a.txt', 'trip/b.txt', 'trip/day 1/ä.txt']) assert.equal(await content(all.coffer, `dropped/${name}`), name);
  assert.equal(await content(all.coffer, 'dropped/trip/empty'), '');
  await visitor.button('Hide').click();
  await visitor.page.locator('.panel').waitFor({ state: 'hidden' });
  await visitor.close();
}

export async function files_and_folders_are_chosen(all) {
  const visitor = await arrive(all, '#/user/chosen/');
  await withFolder(async (folder) => {
    await mkdir(join(folder, 'trip', 'in'), { recursive: true });
    await writeFile(join(folder, 'a.txt'), 'a');
    await writeFile(join(folder, 'trip', 'in', 'b.txt'), 'b');
    await visitor.choose(visitor.button('Upload files'), [join(folder, 'a.txt')]);
    await visitor.choose(visitor.button('Upload a folder'), join(folder, 'trip'));
    await visitor.hears('2 files uploaded');
  });
  await visitor.sees('a.txt', 'trip');
  assert.equal(await content(all.coffer, 'chosen/trip/in/b.txt'), 'b');
  await visitor.close();
}

export async function an_upload_shows_its_progress_and_leaves_nothing_if_it_is_cancelled(all) {
  const visitor = await arrive(all, '#/user/cancelled/');
  await slow(visitor, 4 << 20);
  await withFolder(async (folder) => {
    await writeFile(join(folder, 'large.bin'), Buffer.alloc(40 << 20));
    await visitor.choose(visitor.button('Upload files'), [join(folder, 'large.bin')]);
    const bar = visitor.upload('large.bin').getByRole('progressbar');
    await until(() => bar.evaluate(({ position }) => position), (position) => position > 0 && position < 1);
    await visitor.upload('large.bin').getByText(/\d+ %, .* per second/).waitFor();
    const begun = visitor.requests.find((request) => request.method() === 'POST' && request.url().endsWith('/v1/user/uploads'));
    const { location } = await (await begun.response()).allHeaders();
    const look = () => fetch(location, { method: 'HEAD', headers: { authorization: all.coffer.alice, 'tus-resumable': '1.0.0' } });
    assert.equal((await look()).status, 200);
    await visitor.button('Cancel: large.bin').click();
    await visitor.upload('large.bin').waitFor({ state: 'detached' });
    await until(async () => (await look()).status, (status) => status === 404);
  });
  assert.equal(await content(all.coffer, 'cancelled/large.bin'), 404);
  assert.equal(await visitor.page.evaluate(() => localStorage.getItem('coffer.uploads')), '{}');
  await visitor.close();
}

export async function a_refused_file_is_named_in_the_servers_words_and_can_replace_the_one_there(all) {
  await fill(all.coffer, ['refused/a.txt']);
  const visitor = await arrive(all, '#/user/refused/');
  await withFolder(async (folder) => {
    await writeFile(join(folder, 'a.txt'), 'new');
    await writeFile(join(folder, 'b.txt'), 'b');
    await visitor.choose(visitor.button('Upload files'), [join(folder, 'a.txt'), join(folder, 'b.txt')]);
    await visitor.upload('a.txt').getByText(/Already exists: /).waitFor();
    await visitor.hears('1 file uploaded, 1 file failed');
    assert.equal(await content(all.coffer, 'refused/a.txt'), 'refused/a.txt');
    await visitor.button('Replace: a.txt').click();
    await visitor.upload('a.txt').getByText('Uploaded').waitFor();
    assert.equal(await content(all.coffer, 'refused/a.txt'), 'new');
  });
  await visitor.close();
}

export async function many_files_are_sent_and_summed_up(all) {
  const visitor = await arrive(all, '#/user/several/');
  await withFolder(async (folder) => {
    const names = Array.from({ length: 120 }, (_, index) => join(folder, `${String(index).padStart(3, '0')}.txt`));
    await Promise.all(names.map((name) => writeFile(name, name)));
    await visitor.choose(visitor.button('Upload files'), names);
    await visitor.hears('120 files uploaded');
    assert.ok(await visitor.page.locator('.panel li').count() <= 50);
  });
  assert.equal((await visitor.names()).length, 120);
  await visitor.close();
}
