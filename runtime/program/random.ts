/**
 * @file The definition of the `random` instruction: a counter-based generator, so that any element of any step can be drawn on
 * its own, by any thread, with the same bits on every device.
 *
 * Two keys are derived from seed and counter; the element index is mixed with both. One mixing step alone would make the
 * streams of two counters permutations of each other.
 */

/** A bijection on 32 bits with very low bias. @source Chris Wellons 2018, "Prospecting for Hash Functions", lowbias32 */
export function mix32(x: number): number {
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  x ^= x >>> 16;
  return x | 0;
}

/** 32 random bits (as i32) for element `index` of draw `counter` of stream `seed`; all three are taken as i32. */
export function randomBits(seed: number, counter: number, index: number): number {
  const [key, key2] = streamKeys(seed, counter);
  return mix32(mix32(index + key) ^ key2);
}

function streamKeys(seed: number, counter: number): readonly [number, number] {
  const key = mix32(seed ^ mix32(counter + 0x9e3779b9));
  return [key, mix32(key + 0x85ebca6b)];
}

/** A uniform f32 in [0, 1): the upper 24 bits over 2^24. */
export function randomUniform(seed: number, counter: number, index: number): number {
  return (randomBits(seed, counter, index) >>> 8) * 2 ** -24;
}

/** `randomUniform` for many indices of one draw: the keys are derived once. */
export function randomStream(seed: number, counter: number): (index: number) => number {
  const [key, key2] = streamKeys(seed, counter);
  return (index) => (mix32(mix32(index + key) ^ key2) >>> 8) * 2 ** -24;
}
