// A wire between two programs: it counts what goes over it, and can be cut.

import { once } from "node:events";
import { connect, createServer } from "node:net";

export class Wire {
  /** What a browser asked for, if it is one that speaks over this wire. */
  requests = [];
  /** What came back, headers and all. */
  bytes = 0;

  #ends = new Set();
  #isCut = false;

  static async to(host, port) {
    const wire = new Wire();
    wire.server = createServer((near) => wire.#join(near, host, port)).listen(0, "127.0.0.1");
    await once(wire.server, "listening");
    wire.port = wire.server.address().port;
    return wire;
  }

  cut() {
    this.#isCut = true;
    for (const end of this.#ends) end.destroy();
  }

  mend() {
    this.#isCut = false;
  }

  close() {
    this.cut();
    this.server.close();
  }

  /** What went over the wire since the last reading. */
  read() {
    const { requests, bytes } = this;
    this.requests = [];
    this.bytes = 0;
    return { requests, bytes };
  }

  #join(near, host, port) {
    if (this.#isCut) return void near.destroy();
    const far = connect(port, host);
    near.on("data", (chunk) => {
      const lines = chunk.toString("latin1").matchAll(/^(?:GET|POST|HEAD) (\S+) HTTP/gm);
      this.requests.push(...[...lines].map(([, path]) => path));
    });
    far.on("data", (chunk) => {
      this.bytes += chunk.length;
    });
    for (const [one, other] of [[near, far], [far, near]]) {
      this.#ends.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.#ends.delete(one);
        other.destroy();
      });
    }
    near.pipe(far).pipe(near);
  }
}
