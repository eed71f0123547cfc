// Uploads from a page of another origin, as libraries send them: with XMLHttpRequest.

import assert from 'node:assert/strict';

import { until } from '../until.mjs';

const SIZE = 6 << 20;

/**
 * Begins an upload whose progress is shown in the page, as a file or as a form of two,
 * and aborts it halfway if asked to. Returns the outcome.
 */
function upload(tab, { url, authorization, form, abort }) {
  return tab.run(({ url, authorization, form, abort, size }) => new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const file = new File([new Uint8Array(size).fill(97)], 'ä b.txt', { type: 'text/plain' });
    const progress = [];
    const end = (how) => resolve({
      how, progress, status: request.status,
      location: request.getResponseHeader('location'),
      etag: request.getResponseHeader('etag'),
    });
    request.upload.addEventListener('progress', ({ loaded, total }) => {
      progress.push([loaded, total]);
      if (abort && loaded > 0 && loaded < total) request.abort();
    });
    request.addEventListener('load', () => end('load'));
    request.addEventListener('error', () => end('error'));
    request.addEventListener('abort', () => end('abort'));
    request.open(form ? 'POST' : 'PUT', url);
    request.setRequestHeader('authorization', authorization);
    let body = file;
    if (form) {
      body = new FormData();
      body.append('file', new File(['small'], 'small.txt'));
      body.append('file', file);
    }
    request.send(body);
  }), { url, authorization, form, abort, size: SIZE });
}

/** A tab whose network is so slow that an upload takes some seconds. */
async function slowTab({ browser, pages }) {
  const tab = await browser.tab(pages.add('uploads'));
  await tab.session.send('Network.enable');
  await tab.session.send('Network.emulateNetworkConditions', {
    offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 4 << 20,
  });
  return tab;
}

const requests = ({ url, alice: authorization }, folder) => [
  { url: `${url}/v1/public/files/${folder}/file.txt`, authorization, form: false },
  { url: `${url}/v1/public/files?folder=${folder}`, authorization, form: true },
];

export async function an_upload_reports_its_progress(all) {
  const tab = await slowTab(all);
  for (const request of requests(all.coffer, 'uploads')) {
    const { how, status, progress, etag, location } = await upload(tab, request);
    assert.deepEqual([how, status], ['load', 201]);
    assert.ok(progress.some(([loaded, total]) => loaded > 0 && loaded < total), JSON.stringify(progress));
    const [loaded, total] = progress.at(-1);
    assert.ok(loaded === total && total >= SIZE, JSON.stringify(progress));
    if (!request.form) assert.ok(etag && location);
  }
  assert.deepEqual(await all.coffer.names('uploads/'), [
    'uploads/file.txt', 'uploads/small.txt', 'uploads/ä b.txt',
  ]);
}

export async function an_upload_that_is_aborted_leaves_nothing(all) {
  const tab = await slowTab(all);
  for (const request of requests(all.coffer, 'aborted')) {
    const { how, progress } = await upload(tab, { ...request, abort: true });
    assert.equal(how, 'abort', JSON.stringify(progress));
  }
  // What is stored afterwards is listed, and nothing of them.
  await all.coffer.store('aborted/z.txt', 'text/plain', 'z');
  const names = await until(() => all.coffer.names('aborted/'), (names) => names.length > 0);
  assert.deepEqual(names, ['aborted/z.txt']);
}
