// Files that would run script.

import assert from 'node:assert/strict';

import { until } from '../until.mjs';

const ran = (pages, what) => `new Image().src = '${pages.app}/told/${what}'`;
const html = (pages, what) => `<!doctype html><p>seen</p><script>${ran(pages, what)}</script>`;
const svg = (pages, what) => '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
  + `<script>${ran(pages, what)}</script><rect width="9" height="9" onload="${ran(pages, what)}"/></svg>`;

const xhtml = (pages, what) => '<html xmlns="http://www.w3.org/1999/xhtml"><body><p>seen</p>'
  + `<script>${ran(pages, what)}</script></body></html>`;

/** What scripts have reported since the last call, once a page that may run script has. */
async function told({ browser, pages }) {
  await browser.tab(pages.add(html(pages, 'last')));
  await until(() => pages.told, (told) => told.includes('last'));
  return pages.told.splice(0);
}

function dangerous({ pages, coffer }, folder) {
  return Promise.all([
    coffer.store(`${folder}/a.html`, 'text/html', html(pages, 'html')),
    coffer.store(`${folder}/a.svg`, 'image/svg+xml', svg(pages, 'svg')),
    coffer.store(`${folder}/a.xhtml`, 'application/xhtml+xml', xhtml(pages, 'xhtml')),
    coffer.link(`${folder}/a.html`, 'text/html', html(pages, 'link')),
  ]);
}

export async function html_and_svg_are_downloads_that_run_nothing(all) {
  const { browser, pages } = all;
  for (const url of await dangerous(all, 'script')) {
    const elements = [`<iframe src="${url}">`, `<embed src="${url}">`, `<object data="${url}">`];
    for (const shown of [url, ...elements.map((element) => pages.add(element))]) {
      const tab = await browser.tab(shown);
      // An <object> shows what it can load, which here is nothing.
      if (!shown.startsWith(pages.app)) {
        await until(() => tab.downloads, (downloads) => downloads.includes(url));
      }
    }
  }
  assert.deepEqual(await told(all), ['last']);
}

export async function html_and_svg_run_nothing_if_a_proxy_drops_the_disposition(all) {
  const { browser, pages } = all;
  for (const url of await dangerous(all, 'proxied')) {
    for (const shown of [url, pages.framing(url)]) {
      const tab = await browser.tab();
      await tab.page.route(url, async (route) => {
        const response = await route.fetch();
        const headers = response.headers();
        delete headers['content-disposition'];
        await route.fulfill({ response, headers });
      });
      await tab.open(shown);
      const seen = await tab.see(() => [location.href, document.querySelectorAll('script').length]);
      assert.deepEqual(seen, [url, 1]);
    }
  }
  assert.deepEqual(await told(all), ['last']);
}

export async function html_under_another_type_runs_nothing(all) {
  const { browser, pages, coffer } = all;
  for (const [index, type] of [
    'text/plain', 'image/png', 'video/mp4', 'audio/mpeg', 'application/pdf', 'text/xml', 'application/octet-stream',
  ].entries()) {
    const url = await coffer.store(`disguised/${index}.html`, type, html(pages, index));
    await browser.tab(url);
    await browser.tab(pages.framing(url));
  }
  assert.deepEqual(await told(all), ['last']);
}

export async function an_svg_is_shown_as_an_image_that_runs_nothing(all) {
  const { browser, pages, coffer } = all;
  const url = await coffer.store('image/a.svg', 'image/svg+xml', svg(pages, 'image'));
  const tab = await browser.tab(pages.add(`<img src="${url}">`));
  assert.equal(await tab.run(() => document.images[0].naturalWidth), 9);
  assert.deepEqual(await told(all), ['last']);
}
