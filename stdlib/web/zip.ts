/**
 * @file Zip archives, as far as a folder of files needs them: written without compression (weights do not get smaller), read with or without.
 *
 * @source PKWARE, "APPNOTE.TXT", 6.3.10, sections 4.3 and 4.4
 */

export interface ZipEntry {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const crcTable = Int32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = crcTable[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

const signatures = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50 } as const;
/** Names are UTF-8. */
const utf8Flag = 0x0800;
const localBytes = 30;
const centralBytes = 46;
const endBytes = 22;
/** Sizes and offsets have 32 bits; the form for larger ones is not written here. */
const mostBytes = 2 ** 32 - 1;

/** The parts of an archive, in order. @throws RangeError  from 4 GiB on */
export function zip(entries: readonly ZipEntry[], time = new Date()): Uint8Array<ArrayBuffer>[] {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;
  for (const { path, bytes } of entries) {
    const name = new TextEncoder().encode(path);
    // What local and central headers have in common, from the version on.
    const common = (view: DataView, at: number): void => {
      view.setUint16(at, 20, true);
      view.setUint16(at + 2, utf8Flag, true);
      view.setUint16(at + 4, 0, true);
      view.setUint32(at + 6, dosTime(time), true);
      view.setUint32(at + 10, crc, true);
      view.setUint32(at + 14, bytes.length, true);
      view.setUint32(at + 18, bytes.length, true);
      view.setUint16(at + 22, name.length, true);
    };
    const crc = crc32(bytes);
    const local = new DataView(new ArrayBuffer(localBytes));
    local.setUint32(0, signatures.local, true);
    common(local, 4);
    const central = new DataView(new ArrayBuffer(centralBytes));
    central.setUint32(0, signatures.central, true);
    central.setUint16(4, 20, true);
    common(central, 6);
    central.setUint32(42, offset, true);
    parts.push(new Uint8Array(local.buffer), name, bytes);
    directory.push(new Uint8Array(central.buffer), name);
    offset += localBytes + name.length + bytes.length;
    if (offset > mostBytes) throw new RangeError("an archive of 4 GiB or more");
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = new DataView(new ArrayBuffer(endBytes));
  end.setUint32(0, signatures.end, true);
  end.setUint16(8, entries.length, true);
  end.setUint16(10, entries.length, true);
  end.setUint32(12, size, true);
  end.setUint32(16, offset, true);
  return [...parts, ...directory, new Uint8Array(end.buffer)];
}

/** The files of an archive. @throws TypeError  where it is none, or is damaged */
export async function unzip(archive: Uint8Array<ArrayBuffer>): Promise<ZipEntry[]> {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  let end = archive.length - endBytes;
  while (end >= 0 && view.getUint32(end, true) !== signatures.end) end--;
  if (end < 0) throw new TypeError("it is not a zip archive, or was cut off");
  const entries: ZipEntry[] = [];
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    if (at + centralBytes > archive.length || view.getUint32(at, true) !== signatures.central)
      throw new TypeError("its directory is damaged");
    const [nameLength, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true)) as [
      number,
      number,
      number,
    ];
    const path = new TextDecoder().decode(archive.subarray(at + centralBytes, at + centralBytes + nameLength));
    const bytes = await contentOf(archive, view, at, path);
    if (!path.endsWith("/")) entries.push({ path, bytes });
    at += centralBytes + nameLength + extra + comment;
  }
  return entries;
}

/** The content of the file whose entry in the directory is at `at`. */
async function contentOf(
  archive: Uint8Array<ArrayBuffer>,
  view: DataView,
  at: number,
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const method = view.getUint16(at + 10, true);
  const [crc, packed, size, local] = [16, 20, 24, 42].map((field) => view.getUint32(at + field, true)) as [
    number,
    number,
    number,
    number,
  ];
  const header = local + localBytes;
  if (header > archive.length) throw new TypeError(`'${path}' is not where its directory says`);
  const start = header + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  const stored = archive.subarray(start, start + packed);
  if (method !== 0 && method !== 8) throw new TypeError(`'${path}' is compressed in a way that is not known here`);
  const bytes = method === 0 ? stored.slice() : await inflate(stored, "deflate-raw");
  if (bytes.length !== size || crc32(bytes) !== crc) throw new TypeError(`'${path}' is damaged`);
  return bytes;
}

/** Through the browser's own decompressor. */
export async function inflate(
  bytes: Uint8Array<ArrayBuffer>,
  format: CompressionFormat,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Seconds in pairs, since 1980. */
function dosTime(time: Date): number {
  const date = ((time.getFullYear() - 1980) << 9) | ((time.getMonth() + 1) << 5) | time.getDate();
  const clock = (time.getHours() << 11) | (time.getMinutes() << 5) | (time.getSeconds() >> 1);
  return ((date << 16) | clock) >>> 0;
}
