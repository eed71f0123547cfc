// What the page shows of files, and that no file does anything else.

import assert from 'node:assert/strict';

import { mp4, pdf, png, wav, webm } from '../../files.mjs';
import { until } from '../../until.mjs';
import { arrive } from '../../visitor.mjs';

async function store({ url, alice }, name, type, body) {
  const answer = await fetch(`${url}/v1/user/files/${name}`, { method: 'PUT', body, headers: { authorization: alice, 'content-type': type } });
  assert.equal(answer.status, 201);
}

export async function images_have_thumbnails_and_nothing_is_loaded_twice(all) {
  for (let index = 0; index < 30; index += 1) await store(all.coffer, `images/${String(index).padStart(2, '0')}.png`, 'image/png', png);
  await store(all.coffer, 'images/broken.png', 'image/png', 'no image');
  const visitor = await arrive(all, '#/user/images/');
  const first = visitor.row('00.png').locator('.thumbnail img');
  await first.waitFor();
  assert.equal(await first.evaluate((image) => image.naturalWidth), 3);
  await visitor.row('broken.png').locator('.thumbnail svg.image').waitFor();
  // The URLs of many are made by one request.
  const made = visitor.requests.filter((request) => request.url().endsWith('/v1/user/urls'));
  assert.ok(made.length <= 3, made.length);
  await visitor.close();
}

export async function what_browsers_show_inline_is_shown_and_played(all) {
  for (const [name, type, body] of [
    ['a.png', 'image/png', png], ['b.webm', 'video/webm', webm], ['c.mp4', 'video/mp4', mp4],
    ['d.wav', 'audio/wav', wav(2)], ['e.pdf', 'application/pdf', pdf(1, 2000)], ['f.txt', 'text/plain', 'hello'],
  ]) await store(all.coffer, `shows/${name}`, type, body);
  const visitor = await arrive(all, '#/user/shows/');
  const open = async (name) => {
    await visitor.row(name).getByRole('button').click();
    return visitor.dialog(name);
  };
  const image = (await open('a.png')).locator('.stage img');
  await until(() => image.evaluate(({ naturalWidth }) => naturalWidth), (width) => width === 3);
  await visitor.page.keyboard.press('Escape');
  for (const [name, tag] of [['b.webm', 'video'], ['c.mp4', 'video'], ['d.wav', 'audio']]) {
    const player = (await open(name)).locator(`.stage ${tag}`);
    await player.evaluate((media) => { media.muted = true; return media.play(); });
    await until(() => player.evaluate(({ currentTime }) => currentTime), (time) => time > 0);
    await visitor.page.keyboard.press('Escape');
  }
  for (const name of ['e.pdf', 'f.txt']) {
    const frame = (await open(name)).locator('.stage iframe');
    await frame.waitFor();
    const { pathname } = new URL(await frame.getAttribute('src'));
    await until(() => visitor.page.frames().map((one) => new URL(one.url() || 'about:blank').pathname), (urls) => urls.includes(pathname));
    await visitor.page.keyboard.press('Escape');
  }
  await visitor.close();
}

export async function a_hostile_svg_or_page_runs_nowhere(all) {
  const script = '<script>fetch("/told")</script>';
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" onload="fetch('/told')"><script>fetch("/told")</script><image href="/told"/></svg>`;
  for (const [name, type, body] of [
    ['a.svg', 'image/svg+xml', svg], ['b.png', 'image/svg+xml', svg], ['c.html', 'text/html', script],
    ['d.png', 'text/html', script], ['e.txt', 'text/html', script], ['f.pdf', 'text/html', script],
  ]) await store(all.coffer, `hostile/${name}`, type, body);
  const visitor = await arrive(all, '#/user/hostile/');
  for (const name of ['a.svg', 'b.png', 'c.html', 'd.png', 'e.txt', 'f.pdf']) {
    await visitor.row(name).getByRole('button').click();
    const dialog = visitor.dialog(name);
    await dialog.getByText('Type', { exact: true }).waitFor();
    // By its type, whatever its name says.
    assert.equal(await dialog.locator('.stage > *').count(), 0, name);
    await visitor.page.keyboard.press('Escape');
  }
  // In an image an SVG runs and loads nothing.
  await until(() => visitor.row('b.png').locator('.thumbnail').innerHTML(), (html) => html.includes('<'));
  assert.equal(visitor.requests.some((request) => request.url().endsWith('/told')), false);
  await visitor.close();
}

export async function a_download_has_the_files_name_and_bytes(all) {
  await store(all.coffer, encodeURIComponent('down/ä & b.txt'), 'text/plain', 'content');
  const visitor = await arrive(all, '#/user/down/');
  await visitor.select('ä & b.txt');
  const [download] = await Promise.all([visitor.page.waitForEvent('download'), visitor.button('Download').click()]);
  assert.equal(download.suggestedFilename(), 'ä & b.txt');
  const chunks = await (await download.createReadStream()).toArray();
  assert.equal(Buffer.concat(chunks).toString(), 'content');
  assert.equal(download.url().includes(all.coffer.alice.slice(7)), false);

  const problem = { type: '/problems/unavailable', title: 'Unavailable', status: 503, detail: 'the storage sleeps' };
  await visitor.page.route('**/v1/user/urls/**', (route) => route.fulfill({ status: 503, json: problem }));
  await visitor.button('Download').click();
  await visitor.hears('Unavailable: the storage sleeps');
  await visitor.close();
}
