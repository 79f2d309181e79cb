/**
 * @file Orders by seed. The order of data is part of what a checkpoint promises, so it has a definition of its own that no change
 * to other random streams can move: a 32-bit mixer over (seed, stream, draw), and Fisher-Yates.
 */

/** A bijection on 32 bits. @source Chris Wellons 2018, "Prospecting for Hash Functions", lowbias32 */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** A source of integers, the same for equal (seed, stream). */
export class OrderRandom {
  readonly #key: number;
  #draw = 0;

  constructor(seed: number, stream = 0) {
    this.#key = mix(mix((seed | 0) + 0x9e3779b9) ^ mix((stream | 0) + 0x85ebca6b));
  }

  /** An integer in 0 … n − 1, without bias. */
  int(n: number): number {
    const limit = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const bits = mix(this.#key ^ mix(this.#draw++ + 0xc2b2ae35));
      if (bits < limit) return bits % n;
    }
  }

  /** The integers 0 … n − 1 in a random order. */
  permutation(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const swapped = order[i]!;
      order[i] = order[j]!;
      order[j] = swapped;
    }
    return order;
  }
}
