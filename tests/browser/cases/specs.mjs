// The end-to-end specs of tus-js-client, as its packages have them for browsers.

import assert from 'node:assert/strict';

import { Browser } from '../browser.mjs';

const HOST = 'tusd.tusdemo.net';

/** Runs the specs of a version of tus-js-client in a page: [name, what failed] each. */
function run(tab, host) {
  return tab.run((host) => new Promise((resolve) => {
    const results = [];
    const environment = jasmine.getEnv();
    environment.configure({ specFilter: (spec) => spec.getFullName().includes('end-to-end') });
    environment.addReporter({
      specDone({ status, fullName, failedExpectations }) {
        if (status !== 'excluded') results.push([fullName, failedExpectations.map((failed) => failed.message)]);
      },
      jasmineDone: () => resolve(results),
    });
    // They store the same name again and again, which is refused while there is a file.
    environment.afterEach(async () => {
      const { status } = await fetch(`https://${host}/files/v1/public/files/hello.txt`, { method: 'DELETE' });
      environment.expect(status).toBe(204);
    });
    environment.execute();
  }), host);
}

async function pass({ pages, place }, version) {
  const scripts = [
    'jasmine-core/lib/jasmine-core/jasmine.js',
    'jasmine-core/lib/jasmine-core/jasmine-html.js',
    'jasmine-core/lib/jasmine-core/boot0.js',
    `${version}/dist/browser-test-bundle.js`,
  ];
  const page = pages.add(scripts.map((script) => `<script src="/clients/node_modules/${script}"></script>`).join(''));
  const rule = `--host-resolver-rules=MAP ${HOST}:443 127.0.0.1:${place.demo}`;
  // The certificate is the tests' own.
  const browser = await Browser.start([rule], { ignoreHTTPSErrors: true });
  try {
    const results = await run(await browser.tab(page), HOST);
    assert.equal(results.length, 2, JSON.stringify(results));
    for (const [name, failed] of results) {
      assert.deepEqual(failed, [], name);
      console.log(`${version}: ${name}`);
    }
  } finally {
    await browser.stop();
  }
}

export async function those_of_version_4_pass(all) {
  await pass(all, 'tus-js-client');
}

export async function those_of_version_5_pass(all) {
  await pass(all, 'tus-js-client-5');
}
