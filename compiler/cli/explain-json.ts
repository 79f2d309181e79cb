/** @file What `explain` says, for programs: stable keys, lines and columns from 1. */
import type { Argument, Explanation, Input, Source, Step } from "../driver/provenance/source.ts";
import { type Origin, startOf } from "../source/span.ts";

/** Whether anything wins: an override may remove what the config sets, and a later declaration may leave it out. */
export function isSet({ value, sources }: Explanation): boolean {
  return value !== undefined || sources[0]?.kind === "override";
}

export function explanationJson(explanation: Explanation) {
  const { path, value, doc, sources, arguments: inside } = explanation;
  return {
    path,
    value: value ?? null,
    doc,
    sources: sources.map((source, i) => ({ wins: i === 0 && isSet(explanation), ...sourceJson(source) })),
    arguments: inside.map(argumentJson),
  };
}

export function argumentJson({ name, source, isDefault }: Argument) {
  return { name, isDefault, ...sourceJson(source) };
}

export function sourceJson({ kind, value, origin, note, via, inputs }: Source) {
  return {
    kind,
    value: value ?? null,
    ...placeJson(origin),
    note,
    via: via.map(stepJson),
    inputs: inputs.map(inputJson),
  };
}

function stepJson({ origin, note }: Step) {
  return { ...placeJson(origin), note };
}

function inputJson({ name, value, origin, note }: Input) {
  return { name, value: value ?? null, ...placeJson(origin), note };
}

/** Null where the value stands in no template. */
function placeJson(origin: Origin | undefined) {
  if (origin === undefined) return { file: null, line: null, column: null, block: null };
  const { line, column } = startOf(origin.span);
  return { file: origin.span.file.path, line, column, block: blockOf(origin) ?? null };
}

/** The innermost block that the place stands in. */
export function blockOf({ stack }: Origin): string | undefined {
  return stack.findLast(({ kind }) => kind === "block")?.name;
}
