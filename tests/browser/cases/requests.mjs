// Scripts of other origins: what they may send, and what they may read.

import assert from 'node:assert/strict';

/** Sends a request from a page, and returns status, fields and text, or that it failed. */
function send(tab, url, options = {}) {
  return tab.run(async ({ url, options }) => {
    try {
      const response = await fetch(url, options);
      const text = await response.text();
      return { status: response.status, fields: Object.fromEntries(response.headers), text };
    } catch (error) {
      return { failed: error.name };
    }
  }, { url, options });
}

export async function scripts_send_any_field_and_read_the_response({ browser, pages, coffer }) {
  const tab = await browser.tab(pages.add('requests'));
  const url = `${coffer.url}/v1/user/files/requests/a.bin`;
  const authorization = coffer.alice;
  const own = { authorization, 'x-of-its-own': 'a', 'content-type': 'application/x-of-its-own' };
  const stored = await send(tab, url, { method: 'PUT', body: '0123456789', headers: own });
  assert.equal(stored.status, 201);
  assert.equal(new URL(stored.fields.location, url).href, url);
  const { etag } = stored.fields;
  assert.ok(etag && stored.fields['x-request-id']);

  const part = await send(tab, url, { headers: { authorization, range: 'bytes=2-4', 'if-range': etag } });
  assert.deepEqual([part.status, part.text], [206, '234']);
  assert.equal(part.fields['content-range'], 'bytes 2-4/10');
  assert.equal(part.fields['accept-ranges'], 'bytes');
  assert.equal(part.fields['content-length'], '3');
  assert.match(part.fields['content-disposition'], /^attachment; filename="a.bin"/);

  const changed = { authorization, 'if-match': '"another"' };
  assert.equal((await send(tab, url, { method: 'DELETE', headers: changed })).status, 412);
  const same = { authorization, 'if-match': etag };
  assert.equal((await send(tab, url, { method: 'DELETE', headers: same })).status, 204);
}

export async function problems_are_readable({ browser, pages, coffer }) {
  const tab = await browser.tab(pages.add('problems'));
  const files = `${coffer.url}/v1/public/files`;
  const large = { headers: { 'x-large': 'a'.repeat(70_000) } };
  for (const [url, options, status, type, field] of [
    [`${files}/requests/none`, {}, 404, 'not-found'],
    [`${coffer.url}/v1/user/files/a`, {}, 401, 'unauthenticated', ['www-authenticate', 'Bearer']],
    [`${files}/requests//none`, { method: 'PUT', body: 'a' }, 400, 'invalid-name'],
    [`${coffer.url}/v1/user/urls/a`, { method: 'DELETE' }, 405, 'method-not-allowed', ['allow', 'POST, OPTIONS']],
    // This one the host answers itself.
    [`${files}/requests/none`, large, 431, 'headers-too-large'],
  ]) {
    const answer = await send(tab, url, options);
    assert.equal(answer.status, status, JSON.stringify(answer));
    const document = JSON.parse(answer.text);
    assert.equal(document.type, `/problems/${type}`);
    assert.equal(document.status, status);
    assert.equal(answer.fields['content-type'], 'application/problem+json');
    assert.ok(answer.fields['x-request-id']);
    if (field) assert.equal(answer.fields[field[0]], field[1]);
  }
}

export async function an_origin_that_is_not_listed_reads_nothing({ browser, pages, coffer }) {
  const url = await coffer.store('requests/b.txt', 'text/plain', 'b');
  const page = pages.add('foreign');
  const listed = await browser.tab(page);
  assert.equal((await send(listed, url)).text, 'b');
  const tab = await browser.tab(page.replace(pages.app, pages.foreign));
  for (const [path, options] of [
    [url, {}],
    [`${url}none`, {}],
    [url, { headers: { 'x-large': 'a'.repeat(70_000) } }],
    [`${url}2`, { method: 'PUT', body: 'a' }],
  ]) {
    assert.deepEqual(await send(tab, path, options), { failed: 'TypeError' });
  }
  assert.deepEqual(await coffer.names('requests/b'), ['requests/b.txt']);
}
