// What is shown in place: images, text, PDF.

import assert from 'node:assert/strict';

import { until } from '../until.mjs';
import { pdf, png } from '../files.mjs';

/** The tabs that show a file: directly, and in a frame of another origin's page. */
async function* tabs({ browser, pages }, url) {
  yield await browser.tab(url);
  yield await browser.tab(pages.framing(url));
}

export async function images_are_shown_in_a_tab_and_in_a_frame(all) {
  const url = await all.coffer.store('display/a.png', 'image/png', png);
  const link = await all.coffer.link('display/a.png', 'image/png', png);
  for (const shown of [url, link]) {
    for await (const tab of tabs(all, shown)) {
      const image = () => {
        const { naturalWidth, naturalHeight } = document.images[0];
        return [naturalWidth, naturalHeight, getComputedStyle(document.images[0]).display];
      };
      assert.deepEqual(await tab.see(image), [3, 2, 'block']);
    }
  }
}

export async function text_is_shown_as_utf_8(all) {
  const text = 'Überraschung: 日本語, naïve “quotes” 🎉';
  for (const [name, type] of [['a.txt', 'text/plain'], ['b.txt', 'Text/Plain; format=flowed']]) {
    const url = await all.coffer.store(`display/${name}`, type, text);
    for await (const tab of tabs(all, url)) {
      const seen = () => [document.characterSet, document.body.textContent];
      assert.deepEqual(await tab.see(seen), ['UTF-8', text]);
    }
  }
}

export async function text_in_another_charset_is_shown_as_its_type_says(all) {
  const bytes = Buffer.from('\xdcber', 'latin1');
  const url = await all.coffer.store('display/c.txt', 'text/plain; charset=iso-8859-1', bytes);
  for await (const tab of tabs(all, url)) {
    assert.equal(await tab.see(() => document.body.textContent), 'Über');
  }
}

export async function a_pdf_is_shown_in_a_tab_and_embedded(all) {
  const { browser, pages, coffer } = all;
  const url = await coffer.store('display/a.pdf', 'application/pdf', pdf(3, 1_000));
  const embedded = ['embed src', 'object data'].map((element) => {
    return pages.add(`<${element}="${url}" type="application/pdf" width="600" height="400">`);
  });
  for (const shown of [url, pages.framing(url), ...embedded]) {
    const tab = await browser.tab(shown);
    const pagesShown = async () => {
      const viewer = tab.page.frames().find((frame) => frame.url().startsWith('chrome-extension://'));
      return viewer?.evaluate(() => {
        const viewer = document.querySelector('pdf-viewer');
        return viewer?.shadowRoot?.querySelector('viewer-toolbar')?.docLength;
      });
    };
    await until(pagesShown, (count) => count === 3);
    assert.deepEqual(tab.downloads, []);
  }
}
