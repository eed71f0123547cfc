// Coffer, from outside the browser.

import assert from 'node:assert/strict';

export class Coffer {
  constructor({ url, alice }) {
    this.url = url;
    this.alice = `Bearer ${alice}`;
  }

  /** Stores a public file of this type and returns its URL. */
  async store(name, type, bytes) {
    const url = `${this.url}/v1/public/files/${name}`;
    const response = await fetch(url, { method: 'PUT', body: bytes, headers: { 'content-type': type } });
    assert.equal(response.status, 201, name);
    return url;
  }

  /** Stores a file of alice's own and returns a link to it. */
  async link(name, type, bytes) {
    const headers = { 'content-type': type, authorization: this.alice };
    const file = await fetch(`${this.url}/v1/user/files/${name}`, { method: 'PUT', body: bytes, headers });
    assert.equal(file.status, 201, name);
    const made = await fetch(`${this.url}/v1/user/urls/${name}`, { method: 'POST', headers: { authorization: this.alice } });
    assert.equal(made.status, 201, name);
    return (await made.json()).url;
  }

  /** The names of the public files that begin with this. */
  async names(prefix) {
    const response = await fetch(`${this.url}/v1/public/files?prefix=${prefix}`, { headers: { authorization: this.alice } });
    assert.equal(response.status, 200);
    return (await response.json()).files.map((file) => file.name);
  }
}
