// pdf.js in a page of another origin.

import assert from 'node:assert/strict';

import { pdf } from '../files.mjs';

export async function pdf_js_loads_the_pages_that_it_shows_and_not_the_rest({ browser, pages, coffer }) {
  const bytes = pdf(80, 100_000);
  const url = await coffer.store('pdf/large.pdf', 'application/pdf', bytes);
  const tab = await browser.tab(pages.add('a viewer'));
  const texts = await tab.run(async ({ url, base }) => {
    const { getDocument, GlobalWorkerOptions } = await import(`${base}/pdf.min.mjs`);
    GlobalWorkerOptions.workerSrc = `${base}/pdf.worker.min.mjs`;
    const task = getDocument({ url, disableAutoFetch: true, disableStream: true });
    const document = await task.promise;
    const text = async (number) => {
      const page = await document.getPage(number);
      return (await page.getTextContent()).items.map((item) => item.str).join('');
    };
    const texts = [await text(1), await text(41), await text(80)];
    await task.destroy();
    return texts;
  }, { url, base: `${pages.app}/pdf.js` });
  assert.deepEqual(texts, ['page 1', 'page 41', 'page 80']);
  const lengths = tab.ranges(url).map(([first, last]) => last - first + 1);
  const loaded = lengths.reduce((sum, length) => sum + length, 0);
  assert.ok(lengths.length > 2 && loaded < bytes.length / 4, `${lengths} of ${bytes.length}`);
  // It began to load the whole file, and cancelled that once it had read the header fields.
  assert.ok(tab.aborted.includes(url), `${tab.aborted}`);
}
