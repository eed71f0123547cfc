// A line to a server that fails at certain points of what is sent over it.

import { connect, createServer } from 'node:net';
import { pipeline } from 'node:stream/promises';

export class Line {
  /** To that port. Each time that so many bytes have been sent, the next of these happens. */
  static async start(port, step, events) {
    const line = new Line();
    line.step = step;
    line.events = [...events];
    line.sent = 0;
    line.next = step;
    line.isDown = false;
    line.connections = new Set();
    line.server = createServer((client) => line.carry(client, port));
    await new Promise((resolve) => line.server.listen(0, '127.0.0.1', resolve));
    line.url = `http://127.0.0.1:${line.server.address().port}`;
    return line;
  }

  /** Breaks every connection, and new ones until the line is up again. */
  cut() {
    this.isDown = true;
    for (const client of this.connections) client.destroy();
  }

  restore() {
    this.isDown = false;
  }

  stop() {
    this.server.close();
    this.cut();
  }

  async carry(client, port) {
    if (this.isDown) {
      client.destroy();
      return;
    }
    const server = connect(port, '127.0.0.1');
    this.connections.add(client);
    const sent = pipeline(client, (source) => this.watch(source), server);
    // What breaks one direction ends the connection.
    await Promise.all([sent, pipeline(server, client)]).catch(() => {});
    this.connections.delete(client);
    client.destroy();
    server.destroy();
  }

  async *watch(source) {
    for await (const bytes of source) {
      this.sent += bytes.length;
      if (this.events.length > 0 && this.sent >= this.next) {
        await this.events.shift()();
        this.next = this.sent + this.step;
      }
      yield bytes;
    }
  }
}
