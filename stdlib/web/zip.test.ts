/** @file Archives go to disk and come back, from here and from other programs. */
import { deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { unzip, zip } from "./zip.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const whole = async (parts: readonly Uint8Array<ArrayBuffer>[]) =>
  new Uint8Array(await new Blob([...parts]).arrayBuffer());

describe("a zip archive", () => {
  const entries = [
    { path: "checkpoint-20/model.safetensors", bytes: Uint8Array.from({ length: 5000 }, (_, i) => i * 7) },
    { path: "checkpoint-20/COMPLETE", bytes: new Uint8Array(0) },
    { path: "checkpoint-20/é.json", bytes: bytes("{}") },
  ];

  it("gives back names and contents", async () => {
    expect(await unzip(await whole(zip(entries)))).toEqual(entries);
  });

  it("is found behind something that was put in front of its end", async () => {
    const archive = await whole(zip(entries));
    const longer = new Uint8Array(archive.length + 3);
    longer.set(archive);
    expect(await unzip(longer)).toEqual(entries);
  });

  it("may be compressed, as other programs do", async () => {
    const text = "all work and no play ".repeat(50);
    const [stored] = zip([{ path: "a.txt", bytes: bytes(text) }]);
    const plain = await whole(zip([{ path: "a.txt", bytes: bytes(text) }]));
    // The same archive by hand, with the content deflated.
    const packed = new Uint8Array(deflateRawSync(bytes(text)));
    const directoryAt = stored!.length + "a.txt".length + text.length;
    const header = plain.slice(0, stored!.length + "a.txt".length);
    const tail = plain.slice(directoryAt);
    const view = new DataView(tail.buffer);
    view.setUint16(10, 8, true);
    view.setUint32(20, packed.length, true);
    const end = tail.length - 22;
    view.setUint32(end + 16, header.length + packed.length, true);
    const archive = await whole([header, packed, tail]);
    expect(new TextDecoder().decode((await unzip(archive))[0]!.bytes)).toBe(text);
  });

  it("that is damaged, cut off or none is refused", async () => {
    const archive = await whole(zip(entries));
    const damaged = archive.slice();
    damaged[100]! ^= 1;
    await expect(unzip(damaged)).rejects.toThrow(/damaged/);
    await expect(unzip(archive.slice(0, -30))).rejects.toThrow(/cut off/);
    await expect(unzip(bytes("hello"))).rejects.toThrow(/not a zip/);
  });
});
