// Uploads: dropped and chosen, with progress, cancelled, refused, and over a line that breaks.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { until } from '../../until.mjs';
import { Visitor, arrive, fill, withFolder } from '../../visitor.mjs';

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
  await fill(all.coffer, ['several/110.txt']);
  const visitor = await arrive(all, '#/user/several/');
  await withFolder(async (folder) => {
    const names = Array.from({ length: 120 }, (_, index) => join(folder, `${String(index).padStart(3, '0')}.txt`));
    await Promise.all(names.map((name) => writeFile(name, name)));
    await visitor.choose(visitor.button('Upload files'), names);
    await visitor.hears('119 files uploaded, 1 file failed');
  });
  // Of so many, only the one that needs the user, wherever it is among them.
  await visitor.upload('110.txt').getByText(/Already exists: /).waitFor();
  assert.equal(await visitor.page.locator('.panel li').count(), 1);
  assert.equal(await visitor.page.locator('.panel > p').textContent(), '');
  assert.equal((await visitor.names()).length, 120);
  await visitor.close();
}

/** The requests by which a visitor has begun uploads. */
const begun = (visitor) => visitor.requests.filter((request) => request.method() === 'POST' && request.url().endsWith('/v1/user/uploads'));

export async function what_is_dropped_goes_where_it_was_dropped(all) {
  const visitor = await arrive(all, '#/user/here/');
  await visitor.hears('Nothing here yet');
  // A folder that takes long to read.
  await visitor.page.evaluate(() => {
    const { webkitGetAsEntry } = DataTransferItem.prototype;
    const released = new Promise((resolve) => { window.release = resolve; });
    DataTransferItem.prototype.webkitGetAsEntry = function entry() {
      const folder = webkitGetAsEntry.call(this);
      const reader = folder.createReader();
      const readEntries = (...ends) => {
        window.isReading = true;
        released.then(() => reader.readEntries(...ends));
      };
      return { name: folder.name, createReader: () => ({ readEntries }) };
    };
  });
  await withFolder(async (folder) => {
    await mkdir(join(folder, 'trip'));
    await writeFile(join(folder, 'trip', 'a.txt'), 'a');
    await visitor.drop([join(folder, 'trip')]);
    await until(() => visitor.page.evaluate(() => window.isReading), Boolean);
    await visitor.page.evaluate(() => { location.hash = '#/org/there/'; });
    await visitor.page.getByRole('navigation', { name: 'Folder' }).getByRole('link', { name: 'there' }).waitFor();
    await visitor.page.evaluate(() => window.release());
    await visitor.hears('1 file uploaded');
  });
  assert.equal(await content(all.coffer, 'here/trip/a.txt'), 'a');
  await visitor.close();
}

export async function what_a_fault_has_stopped_goes_on_or_is_dismissed(all) {
  const visitor = await arrive(all, '#/user/fault/');
  let isBroken = true;
  const problem = { type: '/problems/internal', title: 'Internal error', status: 500, detail: 'it is broken' };
  await visitor.page.route('**/v1/user/uploads/*', (route) =>
    (isBroken && route.request().method() === 'PATCH' ? route.fulfill({ status: 500, json: problem }) : route.continue()));
  await withFolder(async (folder) => {
    await writeFile(join(folder, 'a.txt'), 'a');
    await writeFile(join(folder, 'b.txt'), 'b');
    await visitor.choose(visitor.button('Upload files'), [join(folder, 'a.txt')]);
    await visitor.upload('a.txt').getByText('Internal error: it is broken').waitFor();
    const { location } = await (await begun(visitor)[0].response()).allHeaders();
    const look = () => fetch(location, { method: 'HEAD', headers: { authorization: all.coffer.alice, 'tus-resumable': '1.0.0' } });
    assert.equal((await look()).status, 200);
    await visitor.button('Dismiss: a.txt').click();
    await visitor.upload('a.txt').waitFor({ state: 'detached' });
    await until(async () => (await look()).status, (status) => status === 404);
    assert.equal(await visitor.page.evaluate(() => localStorage.getItem('coffer.uploads')), '{}');

    await visitor.choose(visitor.button('Upload files'), [join(folder, 'b.txt')]);
    await visitor.upload('b.txt').getByText('Internal error: it is broken').waitFor();
    isBroken = false;
    await visitor.button('Try again: b.txt').click();
    await visitor.upload('b.txt').getByText('Uploaded').waitFor();
  });
  assert.equal(begun(visitor).length, 2, 'none has begun twice');
  assert.equal(await content(all.coffer, 'fault/b.txt'), 'b');
  await visitor.close();
}

export async function what_a_user_has_begun_waits_for_that_user_and_that_file(all) {
  const visitor = await arrive(all, '#/user/left/');
  await slow(visitor, 4 << 20);
  await withFolder(async (folder) => {
    const [path, other] = ['large.bin', 'other.bin'].map((name) => join(folder, name));
    await writeFile(path, Buffer.alloc(40 << 20));
    await writeFile(other, 'other');
    const upload = visitor.upload('large.bin');
    await visitor.choose(visitor.button('Upload files'), [path]);
    await upload.getByText(/ per second/).waitFor();
    await visitor.button('Sign out').click();
    await visitor.signIn('bob', 'acme');
    await visitor.hears('Nothing here yet');
    assert.equal(await visitor.page.locator('.panel li').count(), 0);
    assert.equal(begun(visitor).length, 1, 'nothing has begun as bob');

    await visitor.button('Sign out').click();
    await visitor.signIn();
    await upload.getByText('Interrupted').waitFor();
    await visitor.choose(visitor.button('Choose the file: large.bin'), [other]);
    await upload.getByText('another file').waitFor();
    await visitor.choose(visitor.button('Choose the file: large.bin'), [path]);
    await until(() => upload.getAttribute('class'), (state) => ['sending', 'finishing', 'done'].includes(state));
  });
  assert.equal(begun(visitor).length, 1, 'it goes on where it was');
  await visitor.close();
}

export async function another_tab_lists_an_upload_once_its_own_is_gone(all) {
  const visitor = await arrive(all, '#/user/tabs/');
  await slow(visitor, 4 << 20);
  await withFolder(async (folder) => {
    await writeFile(join(folder, 'large.bin'), Buffer.alloc(40 << 20));
    await visitor.choose(visitor.button('Upload files'), [join(folder, 'large.bin')]);
    await visitor.upload('large.bin').getByText(/ per second/).waitFor();
    const other = new Visitor(await visitor.page.context().newPage(), all.coffer.url);
    await other.page.goto(`${all.coffer.url}/#/user/tabs/`);
    await other.signIn();
    await other.hears('Nothing here yet');
    assert.equal(await other.page.locator('.panel li').count(), 0);
    await visitor.page.close();
    await other.upload('large.bin').getByText('Interrupted').waitFor();
    await other.close();
  });
}

export async function a_file_that_is_stored_without_a_token_can_be_deleted(all) {
  const visitor = await Visitor.open(all.browser, all.coffer.url, '#/public/anonymous/');
  await withFolder(async (folder) => {
    await writeFile(join(folder, 'a.txt'), 'a');
    await visitor.choose(visitor.button('Upload files'), [join(folder, 'a.txt')]);
    await visitor.upload('a.txt').getByText('Uploaded').waitFor();
  });
  assert.deepEqual(await all.coffer.names('anonymous/'), ['anonymous/a.txt']);
  await visitor.button('Delete: a.txt').click();
  await visitor.upload('a.txt').waitFor({ state: 'detached' });
  assert.deepEqual(await all.coffer.names('anonymous/'), []);
  await visitor.close();
}
