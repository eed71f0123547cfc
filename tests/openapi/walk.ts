// A walk through every operation with a client that is generated from the document: `walk.js URL
// TOKEN`. Ends with an error where an answer is another one than its types say, or where an
// operation was left out.

import assert from "node:assert/strict";

import createClient, { type Middleware } from "openapi-fetch";

import type { components, paths } from "./api.js";

const [baseUrl, token] = process.argv.slice(2);
assert(baseUrl && token);
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

const walked = new Set<string>();
const record: Middleware = {
  onRequest({ request, schemaPath }) {
    walked.add(`${request.method} ${schemaPath}`);
  },
};
client.use(record);

/** A body that is sent as it is, under its own type. */
const asItIs = { bodySerializer: (body: unknown) => body as Blob, headers: { "Content-Type": null } };
const area = "user";
const name = "2026/a b+c%?#é.txt";
const path = { area, name } as const;

// Upload, download, list, delete.
const put = await client.PUT("/v1/{area}/files/{name}", {
  params: { path, header: { "If-None-Match": "*" } },
  body: new Blob(["hello"], { type: "text/plain" }),
  ...asItIs,
});
const file: components["schemas"]["File"] | undefined = put.data;
assert(file);
assert.equal(file.name, name);
assert.equal(file.content_type, "text/plain");

const got = await client.GET("/v1/{area}/files/{name}", { params: { path }, parseAs: "text" });
assert.equal(got.data, "hello");
const part = await client.GET("/v1/{area}/files/{name}", {
  params: { path, header: { Range: "bytes=1-2", "If-Range": file.etag } },
  parseAs: "text",
});
assert.equal(part.response.status, 206);
assert.equal(part.data, "el");
const head = await client.HEAD("/v1/{area}/files/{name}", { params: { path } });
assert.equal(head.response.headers.get("content-length"), "5");

const list = await client.GET("/v1/{area}/files", {
  params: { path: { area }, query: { prefix: "2026/", limit: 10 } },
});
assert.deepEqual(list.data?.files.map((listed) => listed.name), [name]);
assert.equal(list.data?.next, null);
const folders = await client.GET("/v1/{area}/files", {
  params: { path: { area }, query: { delimiter: "/" } },
});
assert.deepEqual(folders.data?.folders, ["2026/"]);
await client.HEAD("/v1/{area}/files", { params: { path: { area } } });

const form = new FormData();
form.append("file", new Blob(["one"]), "one.txt");
form.append("file", new Blob(["two"]), "two.txt");
const posted = await client.POST("/v1/{area}/files", {
  params: { path: { area: "public" }, query: { folder: "form", replace: true } },
  body: {},
  bodySerializer: () => form,
});
assert.deepEqual(posted.data?.files.map((stored) => stored.name), ["form/one.txt", "form/two.txt"]);
assert(posted.data?.files[0]?.versioned_url);

// Metadata, with a header field that the document cannot list.
const described = await client.PATCH("/v1/{area}/info/{name}", {
  params: { path, header: { "If-Match": file.etag } },
  body: { metadata: { title: "Zoë" } },
});
assert.deepEqual(described.data?.metadata, { title: "Zoë" });
const info = await client.GET("/v1/{area}/info/{name}", { params: { path } });
assert.equal(info.data?.metadata["title"], "Zoë");
await client.HEAD("/v1/{area}/info/{name}", { params: { path } });
const labelled = await client.PUT("/v1/{area}/files/{name}", {
  params: { path: { area, name: "labelled" } },
  body: new Blob(["x"]),
  bodySerializer: asItIs.bodySerializer,
  headers: { "Content-Type": null, "Coffer-Meta-Title": "one" },
});
assert.equal(labelled.data?.metadata["title"], "one");

// Copy, move and delete files and folders.
const copied = await client.POST("/v1/{area}/copy", {
  params: { path: { area: "org" } },
  body: { from: name, to: "copy.txt", from_area: "user" },
});
assert(copied.data && "name" in copied.data);
assert.equal(copied.data.name, "copy.txt");
const moved = await client.POST("/v1/{area}/move", {
  params: { path: { area: "org" } },
  body: { from: "copy.txt", to: "folder/moved.txt" },
});
assert.equal(moved.response.status, 201);
let next: string | null | undefined;
do {
  const step = await client.POST("/v1/{area}/copy", {
    params: { path: { area: "org" } },
    body: { from: "folder/", to: "other/", cursor: next },
  });
  assert(step.data && "done" in step.data);
  assert.deepEqual(step.data.failed, []);
  next = step.data.next;
} while (next);
for (const body of [{ names: ["folder/moved.txt"] }, { folder: "other/" }]) {
  const deleted = await client.POST("/v1/{area}/delete", { params: { path: { area: "org" } }, body });
  assert.equal(deleted.data?.done, 1);
}

// URLs that work without a token.
const made = await client.POST("/v1/{area}/urls/{name}", { params: { path }, body: { expires_in: 600 } });
assert(made.data?.expires_at);
/** The parameters of a link, which are the last two segments of its URL. */
function parameters(url: string) {
  const [basename = "", token = ""] = url.split("/").reverse();
  return { token, basename: decodeURIComponent(basename) };
}
const link = parameters(made.data.url);
const anonymous = createClient<paths>({ baseUrl });
anonymous.use(record);
const followed = await anonymous.GET("/v1/links/{token}/{basename}", { params: { path: link }, parseAs: "text" });
assert.equal(followed.data, "hello");
await anonymous.HEAD("/v1/links/{token}/{basename}", { params: { path: link } });
const many = await client.POST("/v1/{area}/urls", { params: { path: { area } }, body: { names: [name, "none"] } });
for (const outcome of many.data?.urls ?? []) {
  if ("problem" in outcome) {
    assert.equal(outcome.problem.type, "/problems/not-found");
  } else {
    assert.equal(outcome.name, name);
  }
}

// Uploads by people without an account.
const upload = await client.POST("/v1/{area}/urls/{name}", {
  params: { path: { area, name: "inbox/cv.txt" } },
  body: { for: "upload", max_size: 100, content_types: ["text/*"] },
});
assert(upload.data);
const handedIn = await anonymous.PUT("/v1/links/{token}/{basename}", {
  params: { path: parameters(upload.data.url) },
  body: new Blob(["cv"]),
  ...asItIs,
});
assert.equal(handedIn.data?.name, "inbox/cv.txt");
const drop = await client.POST("/v1/{area}/urls/{name}", {
  params: { path: { area, name: "inbox/" } },
  body: { for: "upload" },
});
assert(drop.data);
const folder = { token: parameters(drop.data.url).token };
const dropped = await anonymous.POST("/v1/links/{token}/", {
  params: { path: folder },
  body: {},
  bodySerializer: () => form,
});
assert(dropped.data && "files" in dropped.data);
assert.equal(dropped.data.files.length, 2);
const own = await anonymous.PUT("/v1/{area}/files/{name}", {
  params: { path: { area: "public", name: "own.txt" } },
  body: new Blob(["mine"]),
  ...asItIs,
});
assert(own.data?.manage_url);
const manage = parameters(own.data.manage_url);
const changed = await anonymous.PUT("/v1/links/{token}/{basename}", {
  params: { path: manage },
  body: new Blob(["mine too"]),
  ...asItIs,
});
assert.equal(changed.response.status, 200);
const taken = await anonymous.DELETE("/v1/links/{token}/{basename}", { params: { path: manage } });
assert.equal(taken.response.status, 204);

// Resumable uploads, of which clients have libraries.
const partial = { bodySerializer: asItIs.bodySerializer, headers: { "Content-Type": "application/partial-upload" } };
const begun = await client.POST("/v1/{area}/uploads", {
  params: { path: { area }, query: { name: "parts.txt" }, header: { "Upload-Complete": "?0" } },
  body: new Blob(["one"]),
  ...asItIs,
});
const id = begun.response.headers.get("Location")?.split("/").pop();
assert(id);
const of = { area, id } as const;
const appended = await client.PATCH("/v1/{area}/uploads/{id}", {
  params: { path: of, header: { "Upload-Offset": 3, "Upload-Complete": "?1" } },
  body: new Blob(["two"]),
  ...partial,
});
assert.equal(appended.data?.size, 6);
const looked = await client.HEAD("/v1/{area}/uploads/{id}", { params: { path: of } });
assert.equal(looked.response.headers.get("Upload-Offset"), "6");
const led = await client.GET("/v1/{area}/uploads/{id}", { params: { path: of }, parseAs: "text" });
assert.equal(led.response.status, 200);
const forgotten = await client.DELETE("/v1/{area}/uploads/{id}", { params: { path: of } });
assert.equal(forgotten.response.status, 204);
const pieces = await client.POST("/v1/{area}/urls/{name}", {
  params: { path: { area, name: "inbox/parts.txt" } },
  body: { for: "upload" },
});
assert(pieces.data);
const tus = { "Tus-Resumable": "1.0.0" } as const;
const first = await anonymous.POST("/v1/links/{token}/{basename}", {
  params: { path: parameters(pieces.data.url), header: { ...tus, "Upload-Length": 3 } },
});
const byLink = { id: first.response.headers.get("Location")?.split("/").pop() ?? "" };
const rest = await anonymous.PATCH("/v1/links/uploads/{id}", {
  params: { path: byLink, header: { ...tus, "Upload-Offset": 0 } },
  body: new Blob(["abc"]),
  bodySerializer: asItIs.bodySerializer,
  headers: { "Content-Type": "application/offset+octet-stream" },
});
assert.equal(rest.response.status, 204);
await anonymous.HEAD("/v1/links/uploads/{id}", { params: { path: byLink, header: tus } });
await anonymous.GET("/v1/links/uploads/{id}", { params: { path: byLink, header: tus } });
await anonymous.DELETE("/v1/links/uploads/{id}", { params: { path: byLink, header: tus } });

// Errors have types too.
const missing = await client.GET("/v1/{area}/files/{name}", { params: { path: { area, name: "none" } } });
assert.equal(missing.error?.type, "/problems/not-found");
const again = await client.PUT("/v1/{area}/files/{name}", {
  params: { path, header: { "If-None-Match": "*" } },
  body: new Blob(["again"]),
  ...asItIs,
});
assert.equal(again.error?.type, "/problems/precondition-failed");

const removed = await client.DELETE("/v1/{area}/files/{name}", { params: { path, header: { "If-Match": file.etag } } });
assert.equal(removed.response.status, 204);

// The document itself, and what each path supports.
const description = await anonymous.GET("/v1/openapi.json");
await anonymous.HEAD("/v1/openapi.json");
const everywhere = { params: { path: { ...path, ...link, ...of } } };
await client.OPTIONS("/v1/{area}/files", everywhere);
await client.OPTIONS("/v1/{area}/files/{name}", everywhere);
await client.OPTIONS("/v1/{area}/info/{name}", everywhere);
await client.OPTIONS("/v1/{area}/copy", everywhere);
await client.OPTIONS("/v1/{area}/move", everywhere);
await client.OPTIONS("/v1/{area}/delete", everywhere);
await client.OPTIONS("/v1/{area}/urls", everywhere);
await client.OPTIONS("/v1/{area}/urls/{name}", everywhere);
await client.OPTIONS("/v1/{area}/uploads", everywhere);
await client.OPTIONS("/v1/{area}/uploads/{id}", everywhere);
await client.OPTIONS("/v1/links/uploads/{id}", everywhere);
await client.OPTIONS("/v1/links/{token}/{basename}", everywhere);
await client.OPTIONS("/v1/links/{token}/", everywhere);
await client.OPTIONS("/v1/openapi.json");

const operations = Object.entries(description.data?.paths ?? {}).flatMap(([path, methods]) =>
  Object.keys(methods as object)
    .filter((method) => method !== "parameters")
    .map((method) => `${method.toUpperCase()} ${path}`),
);
assert.deepEqual([...walked].sort(), operations.sort());
console.log(`${operations.length} operations`);
