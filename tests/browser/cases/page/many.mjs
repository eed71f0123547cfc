// A folder with ten thousand files.

import assert from 'node:assert/strict';

import { until } from '../../until.mjs';
import { arrive } from '../../visitor.mjs';

const COUNT = 10_000;

// Not a number while more are loaded.
const shown = (status) => Number.parseInt(status.replaceAll(',', ''), 10);

async function store({ url, alice }) {
  const names = Array.from({ length: COUNT }, (_, index) => `${String(index).padStart(5, '0')}.txt`);
  const forms = Array.from({ length: COUNT / 100 }, (_, index) => {
    const form = new FormData();
    for (const name of names.slice(index * 100, index * 100 + 100)) form.append('file', new File([name], name));
    return form;
  });
  const worker = async () => {
    for (let form = forms.pop(); form; form = forms.pop()) {
      const answer = await fetch(`${url}/v1/user/files?folder=many`, { method: 'POST', body: form, headers: { authorization: alice } });
      assert.equal(answer.status, 201);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return names;
}

export async function ten_thousand_files_are_paged_by_scrolling(all) {
  const names = await store(all.coffer);
  const visitor = await arrive(all, '#/user/many/');
  const { page } = visitor;
  await visitor.row('00000.txt').waitFor();
  // A page or two, and not all.
  assert.ok(await page.locator('.rows .row').count() <= 600);
  await visitor.hears('and more below');
  // Page by page, however long all of them take.
  for (let count = 0; count < COUNT;) {
    const status = await until(async () => {
      await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
      return page.locator('.status').textContent();
    }, (text) => shown(text) > count);
    count = shown(status);
  }
  await until(() => page.locator('.status').textContent(), (text) => text === '10,000 items');
  assert.deepEqual(await visitor.names(), names);
  const cursors = visitor.requests.map((request) => new URL(request.url())).filter(({ pathname }) => pathname === '/v1/user/files')
    .filter(({ searchParams }) => searchParams.get('prefix') === 'many/').map(({ searchParams }) => searchParams.get('cursor')).filter(Boolean);
  assert.equal(new Set(cursors).size, cursors.length, 'no page is loaded twice');
  assert.equal(await page.getByRole('grid').getAttribute('aria-rowcount'), '10001');

  // It still answers to the keyboard, and finds by name.
  await visitor.row('09999.txt').getByRole('button').focus();
  await page.keyboard.press('Home');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), '00000.txt');
  await page.getByRole('searchbox').fill('0999');
  await visitor.sees(...names.slice(-10));
  await page.getByRole('searchbox').fill('');
  await visitor.row('00000.txt').waitFor();

  // The folder is deleted as a whole, in as many steps as it takes.
  await page.getByRole('navigation', { name: 'Folder' }).getByRole('link', { name: 'My files' }).click();
  await visitor.select('many');
  await visitor.button('Delete').click();
  await visitor.dialog('Delete 1 item').getByRole('button', { name: 'Delete' }).click();
  await visitor.hears('Deleted 10,000 files');
  assert.equal(await visitor.row('many').count(), 0);
  await visitor.close();
}
