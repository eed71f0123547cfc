// A file of 1 GiB over a line that is cut, with a reload on the way.

import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

import { Line } from '../../line.mjs';
import { until } from '../../until.mjs';
import { Visitor, withFolder } from '../../visitor.mjs';

const SIZE = 1 << 30;
const PATIENCE = 60_000;
/** Where the file has something else than zeros. */
const MARKS = [0, 111_111_111, 555_555_555, 999_999_999, SIZE - 8];
const mark = (at) => Buffer.from(String(at).padStart(8, '0').slice(0, 8));

export async function a_gibibyte_arrives_over_a_line_that_is_cut_and_after_a_reload(all) {
  const line = await Line.start(new URL(all.coffer.url).port, SIZE / 4, [() => line.cut(), () => line.cut(), () => line.cut()]);
  const visitor = await Visitor.open(all.browser, line.url, '#/user/large/');
  await visitor.signIn();
  await withFolder(async (folder) => {
    const path = join(folder, 'video.mp4');
    const file = await open(path, 'w');
    await file.truncate(SIZE);
    for (const at of MARKS) await file.write(mark(at), 0, 8, at);
    await file.close();
    const upload = visitor.upload('video.mp4');
    await visitor.choose(visitor.button('Upload files'), [path]);
    for (let cut = 0; cut < 2; cut += 1) {
      await upload.getByText('No connection').waitFor({ timeout: PATIENCE });
      line.restore();
      await upload.getByText(/ per second/).waitFor({ timeout: PATIENCE });
    }
    await until(() => line.isDown, Boolean, PATIENCE);
    line.restore();

    // After a reload the browser has forgotten the file, and the page says so.
    await visitor.page.reload();
    await upload.getByText('Interrupted').waitFor();
    await visitor.choose(visitor.button('Choose the file: video.mp4'), [path]);
    await upload.getByText('Uploaded').waitFor({ timeout: PATIENCE });
    await visitor.sees('video.mp4');
  });
  line.stop();

  const begun = visitor.requests.filter((request) => request.method() === 'POST' && request.url().endsWith('/uploads'));
  assert.equal(begun.length, 1, 'it is one upload');
  // Little was sent twice.
  assert.ok(line.sent < SIZE * 1.3, `${line.sent} bytes`);
  const url = `${all.coffer.url}/v1/user/files/large%2Fvideo.mp4`;
  const headers = { authorization: all.coffer.alice };
  const stored = await fetch(url, { method: 'HEAD', headers });
  assert.equal(stored.headers.get('content-length'), String(SIZE));
  for (const at of MARKS) {
    const part = await fetch(url, { headers: { ...headers, range: `bytes=${at}-${at + 7}` } });
    assert.equal(await part.text(), mark(at).toString(), at);
  }
  await visitor.close();
}
