// Puts the end-to-end specs of tus-js-client back where they were when its packages were made:
// these hold them, as they are, in the source map of the bundle that runs in browsers.

import { mkdir, readFile, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"

const INLINE = /sourceMappingURL=data:application\/json[^,]*;base64,(\S+)/
const WANTED = /\/test\/spec\/(test-end-to-end[^/]*|helpers\/utils)\.js$/

for (const name of ["tus-js-client", "tus-js-client-5"]) {
  const root = join("node_modules", name)
  const bundle = join(root, "dist", "browser-test-bundle.js")
  const inline = INLINE.exec(await readFile(bundle, "utf8"))
  const map = inline ? Buffer.from(inline[1], "base64") : await readFile(`${bundle}.map`)
  const { sources, sourcesContent } = JSON.parse(map)
  for (const [index, source] of sources.entries()) {
    // Some maps count from the package, some from the bundle.
    const path = join("/", source)
    if (!WANTED.test(path)) continue
    const file = join(root, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, sourcesContent[index])
  }
}
