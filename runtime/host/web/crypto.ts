/** @file `node:crypto` in a page: SHA-256, synchronous, which the browser's own is not. */

/** @source FIPS 180-4, "Secure Hash Standard", sections 4.2.2 and 5.3.3: roots of the first primes, fractional bits. */
const [roundConstants, initialHash] = ((): [Int32Array, Int32Array] => {
  const primes: number[] = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p !== 0)) primes.push(n);
  const fraction = (root: number): number => ((root - Math.floor(root)) * 2 ** 32) | 0;
  return [
    Int32Array.from(primes, (p) => fraction(Math.cbrt(p))),
    Int32Array.from(primes.slice(0, 8), (p) => fraction(Math.sqrt(p))),
  ];
})();

class Sha256 {
  readonly #hash = initialHash.slice();
  readonly #words = new Int32Array(64);
  readonly #block = new Uint8Array(64);
  #filled = 0;
  #bytes = 0;

  update(data: Uint8Array | string): this {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    this.#bytes += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const take = Math.min(64 - this.#filled, bytes.length - at);
      this.#block.set(bytes.subarray(at, at + take), this.#filled);
      this.#filled += take;
      at += take;
      if (this.#filled === 64) this.#take();
    }
    return this;
  }

  digest(encoding: "hex"): string {
    if (encoding !== "hex") throw new TypeError(`digest: ${encoding} is not supported in a page`);
    const length = this.#bytes;
    this.update(Uint8Array.of(0x80));
    while (this.#filled !== 56) this.update(Uint8Array.of(0));
    const tail = new DataView(new ArrayBuffer(8));
    tail.setUint32(0, Math.floor(length / 2 ** 29));
    tail.setUint32(4, (length * 8) >>> 0);
    this.update(new Uint8Array(tail.buffer));
    return Array.from(this.#hash, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  /** One block. @source FIPS 180-4, section 6.2.2 */
  #take(): void {
    const w = this.#words;
    const view = new DataView(this.#block.buffer);
    const rotate = (x: number, n: number): number => (x >>> n) | (x << (32 - n));
    for (let t = 0; t < 16; t++) w[t] = view.getInt32(4 * t);
    for (let t = 16; t < 64; t++) {
      const [a, b] = [w[t - 15]!, w[t - 2]!];
      const s0 = rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3);
      const s1 = rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10);
      w[t] = w[t - 16]! + s0 + w[t - 7]! + s1;
    }
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = this.#hash;
    for (let t = 0; t < 64; t++) {
      const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + roundConstants[t]! + w[t]!) | 0;
      const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => {
      this.#hash[i] = this.#hash[i]! + value;
    });
    this.#filled = 0;
  }
}

export function createHash(algorithm: "sha256"): Sha256 {
  if (algorithm !== "sha256") throw new TypeError(`${algorithm} is not supported in a page`);
  return new Sha256();
}

export function randomBytes(size: number): Uint8Array & { toString(encoding?: string): string } {
  const bytes = crypto.getRandomValues(new Uint8Array(size));
  const text = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return Object.assign(bytes, { toString: () => text });
}
