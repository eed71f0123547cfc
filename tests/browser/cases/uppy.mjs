// Uppy, with its plugin for tus, over a line that breaks.

import assert from 'node:assert/strict';
import { createHash, randomFillSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Line } from '../line.mjs';
import { until } from '../until.mjs';

const NAME = 'video ä.mp4';
const SIZE = 200 << 20;
const PATIENCE = 120_000;

/** Starts Uppy on a page and gives it the file, as a user would. */
async function choose(tab, endpoint, authorization, file) {
  await tab.run(([to, as]) => window.startUppy(to, as), [endpoint, authorization]);
  await tab.page.setInputFiles('input[type=file]', file);
}

/** Waits until the server has kept more of an upload than so many bytes; returns how many. */
function kept({ alice: authorization }, upload, before) {
  const offset = async () => {
    const { headers } = await fetch(upload, { method: 'HEAD', headers: { authorization, 'tus-resumable': '1.0.0' } });
    return Number(headers.get('upload-offset'));
  };
  return until(offset, (now) => now > before, PATIENCE);
}

async function sha256(body) {
  const hash = createHash('sha256');
  for await (const bytes of body) hash.update(bytes);
  return hash.digest('hex');
}

export async function a_file_arrives_over_a_line_that_breaks_and_after_a_reload({ browser, pages, coffer }) {
  const tab = await browser.tab(pages.add('<body><script src="/clients/uppy.js"></script></body>'));
  const folder = await mkdtemp(join(tmpdir(), 'uppy-'));
  const file = join(folder, NAME);
  const content = randomFillSync(Buffer.alloc(SIZE));
  await writeFile(file, content);

  const interruptions = ['cut', 'cut', 'cut', 'reload', 'cut', 'cut'];
  let reloaded = false;
  const events = {
    cut: () => line.cut(),
    reload: () => tab.page.reload().then(() => { reloaded = true; }),
  };
  const line = await Line.start(new URL(coffer.url).port, SIZE / 8, interruptions.map((name) => events[name]));
  const posts = [];
  const offsets = [];
  let failed = false;
  tab.page.on('response', (response) => {
    if (response.request().method() === 'POST') posts.push(response.headers().location);
  });
  tab.page.on('request', (request) => {
    if (request.method() === 'PATCH') offsets.push(Number(request.headers()['upload-offset']));
  });
  tab.page.on('requestfailed', () => { failed ||= line.isDown; });

  const endpoint = `${line.url}/v1/user/uploads`;
  await choose(tab, endpoint, coffer.alice, file);
  const continued = [0];
  for (const interruption of interruptions) {
    // The line stays down until page and server have noticed: the browser repeats by itself a
    // request whose connection breaks, and the server refuses it while the one before it lasts.
    await until(() => (interruption === 'cut' ? failed : reloaded), Boolean, PATIENCE);
    continued.push(await kept(coffer, posts[0].replace(line.url, coffer.url), continued.at(-1)));
    failed = false;
    line.restore();
    if (interruption === 'reload') await choose(tab, endpoint, coffer.alice, file);
  }
  await tab.page.waitForFunction(() => window.uploaded, null, { timeout: PATIENCE });
  assert.deepEqual(await tab.run(() => window.failed), []);
  line.stop();
  await rm(folder, { recursive: true });

  // One upload, which each request continued where the one before it had been interrupted.
  assert.equal(posts.length, 1);
  assert.deepEqual(offsets, continued);
  const url = `${coffer.url}/v1/user/files/${encodeURIComponent(NAME)}`;
  const stored = await fetch(url, { headers: { authorization: coffer.alice } });
  assert.equal(stored.headers.get('content-type'), 'video/mp4');
  assert.equal(await sha256(stored.body), createHash('sha256').update(content).digest('hex'));
  console.log(`${SIZE} bytes, continued at ${continued.slice(1).join(', ')}; ${line.sent} bytes sent`);
}
