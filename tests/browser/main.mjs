// Chromium, on pages of another origin than Coffer's. The first line on stdout is the
// port of the pages; a line on stdin then gives Coffer's URL and a token: {"url", "alice"}.
// Every case of the subjects that the arguments name is run and reported, and the exit code
// says whether all passed.

import { createInterface } from 'node:readline';

import { Browser } from './browser.mjs';
import { Pages } from './pages.mjs';
import { Coffer } from './coffer.mjs';

const pages = await Pages.start();
console.log(pages.port);
const { value: line } = await createInterface({ input: process.stdin })[Symbol.asyncIterator]().next();
const place = JSON.parse(line);
const coffer = new Coffer(place);
const browser = await Browser.start();

let failed = 0;
for (const subject of process.argv.slice(2)) {
  const cases = await import(`./cases/${subject}.mjs`);
  for (const [name, run] of Object.entries(cases)) {
    const start = Date.now();
    try {
      await run({ browser, pages, coffer, place });
      console.log(`ok ${subject} ${name} (${Date.now() - start} ms)`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED ${subject} ${name}:`, error);
    }
    await browser.closeTabs();
  }
}
await browser.stop();
process.exit(failed === 0 ? 0 : 1);
