// Stands in for the demo server of tus: a TLS proxy that has uploads at `/files/`, and all else of
// the server behind it below `/files`. Its arguments are that server's port and the files of a
// key and a certificate; it prints its own port.

import { readFileSync } from "node:fs"
import { request } from "node:http"
import { createServer } from "node:https"

const [port, key, cert] = process.argv.slice(2)

function path(url) {
  return url === "/files/" ? "/v1/public/uploads" : url.replace(/^\/files(?=\/)/, "")
}

const proxy = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (from, to) => {
  const { method, headers } = from
  const there = request({ host: "127.0.0.1", port, path: path(from.url), method, headers })
  there.on("response", (answer) => {
    to.writeHead(answer.statusCode, answer.headers)
    answer.pipe(to)
  })
  there.on("error", () => to.destroy())
  from.pipe(there)
})
proxy.listen(0, "127.0.0.1", () => console.log(proxy.address().port))
