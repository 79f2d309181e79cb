/** @file The 16-bit storage types as bits: round to nearest, ties to even, overflow to infinity, subnormals kept. */

const floatBits = new Float32Array(1);
const wordBits = new Uint32Array(floatBits.buffer);

/** f32 to the bits of bf16; a NaN stays one. */
export function toBfloat16Bits(value: number): number {
  floatBits[0] = value;
  const word = wordBits[0] as number;
  if (Number.isNaN(value)) return (word >>> 16) | 0x40;
  return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
}

export function fromBfloat16Bits(bits: number): number {
  wordBits[0] = bits << 16;
  return floatBits[0] as number;
}

/** f32 to the bits of IEEE binary16. */
export function toFloat16Bits(value: number): number {
  floatBits[0] = value;
  const word = wordBits[0] as number;
  const sign = (word >>> 16) & 0x8000;
  if (Number.isNaN(value)) return sign | 0x7e00;
  const magnitude = Math.abs(floatBits[0] as number);
  if (magnitude >= 65520) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | roundToEven(magnitude * 2 ** 24);
  const exponent = ((word >>> 23) & 0xff) - 127;
  const scaled = roundToEven(magnitude * 2 ** (10 - exponent)); // 1024 … 2048; a carry runs into the exponent
  return sign | (((exponent + 15) << 10) + scaled - 1024);
}

export function fromFloat16Bits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

export function roundToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
