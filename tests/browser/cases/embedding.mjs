// Pages that are isolated from other origins (Cross-Origin-Embedder-Policy).

import assert from 'node:assert/strict';

import { png, webm } from '../files.mjs';

const ISOLATED = {
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-opener-policy': 'same-origin',
};

export async function an_isolated_page_embeds_public_files_and_no_others({ browser, pages, coffer }) {
  const image = await coffer.store('embedding/a.png', 'image/png', png);
  const video = await coffer.store('embedding/a.webm', 'video/webm', webm);
  const link = await coffer.link('embedding/a.png', 'image/png', png);
  const tab = await browser.tab(pages.add('isolated', ISOLATED));
  assert.equal(await tab.run(() => crossOriginIsolated), true);
  const load = (element, url, attributes = {}) => tab.run(({ element, url, attributes }) => {
    const made = Object.assign(document.createElement(element), attributes, { src: url });
    document.body.append(made);
    return new Promise((resolve) => {
      for (const event of ['load', 'loadedmetadata', 'error']) {
        made.addEventListener(event, () => resolve(event === 'error' ? 'refused' : 'loaded'));
      }
    });
  }, { element, url, attributes });
  assert.equal(await load('img', image), 'loaded');
  assert.equal(await load('video', video), 'loaded');
  assert.equal(await load('img', link), 'refused');
  assert.equal(await load('img', link, { crossOrigin: 'anonymous' }), 'loaded');
}
