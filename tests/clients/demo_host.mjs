// Imported before other modules, it leads connections to the demo server of tus to loopback.

import { Socket } from "node:net"

const { DEMO_HOST, DEMO_PORT } = process.env
const connect = Socket.prototype.connect

Socket.prototype.connect = function (options, ...rest) {
  const isDemo = options?.host === DEMO_HOST
  const to = isDemo ? { ...options, host: "127.0.0.1", port: Number(DEMO_PORT) } : options
  return connect.call(this, to, ...rest)
}
