// An authenticator app on somebody's phone (RFC 6238: SHA-1, six digits, 30 seconds).

import { createHmac } from "node:crypto";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const STEP = 30_000;

export class Authenticator {
  /** With the key that was typed into it. */
  constructor(key) {
    const bits = [...key.replaceAll(/\s/g, "")].map((letter) => LETTERS.indexOf(letter).toString(2).padStart(5, "0")).join("");
    this.secret = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  }

  /** The code that it shows now, or so many steps later. */
  code(later = 0) {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / STEP) + later));
    const hash = createHmac("sha1", this.secret).update(counter).digest();
    const number = (hash.readUInt32BE(hash.at(-1) & 15) & 0x7fffffff) % 1_000_000;
    return String(number).padStart(6, "0");
  }
}
