// tus-js-client against a server whose URL and token are the arguments. Exits with 1 where
// something is not as expected.

import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { Readable } from "node:stream"
import { Upload } from "tus-js-client"
import { Upload as Upload5 } from "tus-js-client-5"

const [url, token] = process.argv.slice(2)
const endpoint = `${url}/v1/user/uploads`
const headers = { authorization: `Bearer ${token}` }

/** The bytes of a file. */
async function stored(name) {
  const answer = await fetch(`${url}/v1/user/files/${name}`, { headers })
  assert.equal(answer.status, 200, name)
  return Buffer.from(await answer.arrayBuffer())
}

/** Uploads until it is done, or until so many bytes are acknowledged. */
function upload(content, { version = Upload, ...options }, stopAt = Infinity) {
  return new Promise((resolve, reject) => {
    const client = new version(content, {
      endpoint,
      headers,
      chunkSize: 1 << 20,
      retryDelays: null,
      onError: reject,
      onSuccess: () => resolve(client),
      onChunkComplete: (_, acknowledged) => {
        if (acknowledged >= stopAt) client.abort().then(() => resolve(client), reject)
      },
      ...options,
    })
    client.start()
  })
}

/** Content as a stream gives it. */
function* pieces(content) {
  for (let at = 0; at < content.length; at += 100_000) yield content.subarray(at, at + 100_000)
}

const cases = {
  async "a file in one request"() {
    const content = randomBytes(3_000_000)
    await upload(content, { chunkSize: Infinity, metadata: { filename: "one" } })
    assert.ok(content.equals(await stored("one")))
  },

  async "a file in pieces, stopped and continued by another client"() {
    const content = randomBytes(10_000_000)
    const metadata = { filename: "pieces.bin", filetype: "video/mp4", number: 100 }
    const stopped = await upload(content, { metadata }, 3 << 20)
    const gone = await fetch(`${url}/v1/user/files/pieces.bin`, { headers })
    assert.equal(gone.status, 404)
    let first
    await upload(content, {
      metadata,
      uploadUrl: stopped.url,
      onProgress: (sent) => (first ??= sent),
    })
    assert.ok(first >= 3 << 20, `continued at ${first}`)
    assert.ok(content.equals(await stored("pieces.bin")))
    // The URL of a complete upload leads to the file.
    const led = await fetch(stopped.url, { headers })
    assert.equal(led.headers.get("content-type"), "video/mp4")
    assert.equal(led.headers.get("coffer-meta-number"), "100")
    assert.ok(content.equals(Buffer.from(await led.arrayBuffer())))
  },

  async "a creation with bytes"() {
    const content = randomBytes(2_500_000)
    await upload(content, { uploadDataDuringCreation: true, metadata: { filename: "during" } })
    assert.ok(content.equals(await stored("during")))
  },

  async "a stream of unknown length"() {
    const content = randomBytes(2_500_000)
    await upload(Readable.from(pieces(content), { objectMode: false }), {
      uploadLengthDeferred: true,
      metadata: { filename: "stream" },
    })
    assert.ok(content.equals(await stored("stream")))
  },

  async "50 MiB in one request, by either version, and their upload forgotten"() {
    const content = randomBytes(50 << 20)
    for (const version of [Upload, Upload5]) {
      const metadata = { filename: "large", replace: true, nonlatin: "słońce", number: 100 }
      const client = await upload(content, { version, chunkSize: Infinity, metadata })
      assert.ok(content.equals(await stored("large")))
      await client.abort(true)
      const gone = await fetch(client.url, { headers })
      assert.equal(gone.status, 404)
    }
  },

  async "50 MiB of a stream whose length is known, in pieces of 20 MiB"() {
    const content = randomBytes(50 << 20)
    for (const version of [Upload, Upload5]) {
      const stream = Readable.from(pieces(content), { objectMode: false })
      const metadata = { filename: "stream-50", replace: true }
      await upload(stream, { version, chunkSize: 20 << 20, uploadSize: content.length, metadata })
      assert.ok(content.equals(await stored("stream-50")))
    }
  },

  async "50 MiB of a stream of the web, of unknown length"() {
    const content = randomBytes(50 << 20)
    const stream = Readable.toWeb(Readable.from(pieces(content), { objectMode: false }))
    const metadata = { filename: "web-50" }
    await upload(stream, { version: Upload5, chunkSize: 20 << 20, uploadLengthDeferred: true, metadata })
    assert.ok(content.equals(await stored("web-50")))
  },

  async "an empty file"() {
    await upload(Buffer.alloc(0), { metadata: { filename: "empty" } })
    assert.equal((await stored("empty")).length, 0)
  },

  async "methods in a field"() {
    const content = randomBytes(2_500_000)
    await upload(content, { overridePatchMethod: true, metadata: { filename: "override" } })
    assert.ok(content.equals(await stored("override")))
  },

  async "an upload that is terminated"() {
    const content = randomBytes(5_000_000)
    const stopped = await upload(content, { metadata: { filename: "terminated" } }, 1 << 20)
    await Upload.terminate(stopped.url, { headers })
    const looked = await fetch(stopped.url, {
      method: "HEAD",
      headers: { ...headers, "tus-resumable": "1.0.0" },
    })
    assert.equal(looked.status, 404)
  },

  async "parallel parts are refused, not stored as files"() {
    const content = randomBytes(2_500_000)
    const parallel = upload(content, { parallelUploads: 2, metadata: { filename: "parallel" } })
    await assert.rejects(parallel, (error) => error.originalResponse.getStatus() === 400)
  },
}

for (const [name, run] of Object.entries(cases)) {
  await run()
  console.log(`ok: ${name}`)
}
