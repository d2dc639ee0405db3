// The keys that ID tokens are signed with. They live as long as the process, and nowhere else.

import { generateKeyPair, randomUUID } from "node:crypto";
import { promisify } from "node:util";

const generate = promisify(generateKeyPair);

export class Keys {
  /** Newest first: the first one signs. */
  keys = [];

  static async make() {
    const keys = new Keys();
    await keys.rotate();
    return keys;
  }

  /** The key of before stays published, since a token that it signed may still be on its way. */
  async rotate() {
    const { privateKey } = await generate("rsa", { modulusLength: 2048 });
    const key = { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), alg: "RS256", use: "sig" };
    this.keys = [key, ...this.keys.slice(0, 1)];
  }
}
