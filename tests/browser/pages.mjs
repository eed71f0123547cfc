// A server for the pages, on origins that are not Coffer's: `app`, which its policy
// lists by a wildcard, and `foreign`, which it does not.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folders of scripts, by the first segment of their URLs. */
const FOLDERS = {
  'pdf.js': dirname(fileURLToPath(import.meta.resolve('pdfjs-dist/build/pdf.min.mjs'))),
  clients: fileURLToPath(new URL('../../clients', import.meta.url)),
};

export class Pages {
  static async start() {
    const pages = new Pages();
    const server = createServer((request, response) => pages.answer(request, response));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    pages.port = server.address().port;
    pages.app = `http://app.localhost:${pages.port}`;
    pages.foreign = `http://localhost:${pages.port}`;
    return pages;
  }

  constructor() {
    this.bodies = new Map();
    /** What scripts have reported by requesting `/told/WHAT`. */
    this.told = [];
  }

  /** The URL of a new page with this body and these fields, below `app`. */
  add(body, fields = {}) {
    const path = `/${this.bodies.size}.html`;
    this.bodies.set(path, { body, fields: { 'content-type': 'text/html; charset=utf-8', ...fields } });
    return this.app + path;
  }

  /** The URL of a new page that has a file of Coffer's in a frame. */
  framing(url) {
    return this.add(`<iframe src="${url}" width="600" height="400" style="border:0"></iframe>`);
  }

  async answer(request, response) {
    const page = this.bodies.get(request.url);
    const [, first, ...rest] = request.url.split('/');
    if (page) {
      response.writeHead(200, page.fields).end(page.body);
    } else if (FOLDERS[first]) {
      const script = await readFile(join(FOLDERS[first], ...rest));
      response.writeHead(200, { 'content-type': 'text/javascript; charset=utf-8' }).end(script);
    } else if (request.url.startsWith('/told/')) {
      this.told.push(request.url.slice('/told/'.length));
      response.writeHead(204).end();
    } else {
      response.writeHead(404).end();
    }
  }
}
