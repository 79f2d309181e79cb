/**
 * @file TensorBoard event files: protocol buffers in records of
 *
 *     length u64 · masked CRC-32C of the length · data · masked CRC-32C of the data
 *
 * @source tensorflow/core/util/event.proto, summary.proto, tensor.proto; tensorflow/core/lib/io/record_writer.h
 */
import { maskedCrc32c } from "./crc32c.ts";

/** One value of a summary. */
export type SummaryValue =
  | { readonly tag: string; readonly scalar: number }
  | { readonly tag: string; readonly text: string };

/** The record that opens a file. */
export function versionEvent(wallTime: number): Uint8Array {
  return record(concat([fieldDouble(1, wallTime), fieldString(3, "brain.Event:2")]));
}

/** A record with one summary. */
export function summaryEvent(wallTime: number, step: number, values: readonly SummaryValue[]): Uint8Array {
  const summary = concat(values.map((value) => fieldBytes(1, encodeValue(value))));
  return record(concat([fieldDouble(1, wallTime), fieldVarint(2, step), fieldBytes(5, summary)]));
}

function encodeValue(value: SummaryValue): Uint8Array {
  if ("scalar" in value) return concat([fieldString(1, value.tag), fieldFloat(2, value.scalar)]);
  // Text is a string tensor, shown by the plugin that the metadata names.
  const metadata = fieldBytes(1, fieldString(1, "text"));
  const DT_STRING = 7;
  const tensor = concat([
    fieldVarint(1, DT_STRING),
    fieldBytes(2, fieldBytes(2, fieldVarint(1, 1))),
    fieldString(8, value.text),
  ]);
  return concat([fieldString(1, value.tag), fieldBytes(9, metadata), fieldBytes(8, tensor)]);
}

function record(data: Uint8Array): Uint8Array {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(data.length), true);
  return concat([length, u32(maskedCrc32c(length)), data, u32(maskedCrc32c(data))]);
}

const utf8 = new TextEncoder();

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

// A field is its number and wire type, then its content.
const fieldVarint = (field: number, value: number) => concat([varint(field << 3), varint(value)]);
const fieldBytes = (field: number, bytes: Uint8Array) =>
  concat([varint((field << 3) | 2), varint(bytes.length), bytes]);
const fieldString = (field: number, text: string) => fieldBytes(field, utf8.encode(text));

function fieldDouble(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return concat([varint((field << 3) | 1), bytes]);
}

function fieldFloat(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return concat([varint((field << 3) | 5), bytes]);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
