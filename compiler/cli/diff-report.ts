/**
 * @file The differences of two configs, for people and for programs.
 *
 *     --- tiny.yaml
 *     +++ tiny.yaml --with optimizer.lr=3e-4
 *     ~ optimizer.lr
 *         - 0.001   projects/tiny.yaml:44  block optimizer, default of lr
 *         + 0.0003  optimizer.lr=3e-4
 *     1 changed
 */
import type { Change } from "../driver/graph-diff.ts";
import type { Side } from "../driver/provenance/compare.ts";
import { tagText, valueText } from "../driver/provenance/value-text.ts";
import type { GraphValue } from "../graph/node.ts";
import { sourceJson } from "./explain-json.ts";
import { type Style, shorten, sourcePlace } from "./explain-report.ts";

interface NamedSide {
  readonly name: string;
  readonly side: Side;
}

export interface Differences {
  readonly before: NamedSide;
  readonly after: NamedSide;
  readonly changes: readonly Change[];
}

const longestValue = 64;

export function diffText({ before, after, changes }: Differences, style: Style): string {
  if (changes.length === 0) return "";
  // One cause often changes several values: their paths stand together.
  const groups = new Map<string, { readonly heads: string[]; readonly body: readonly string[] }>();
  for (const change of changes) {
    const { head, body } = told(change, before.side, after.side, style);
    const key = change.kind === "changed" ? body.join("\n") : change.path;
    const group = groups.get(key) ?? { heads: [], body };
    group.heads.push(head);
    groups.set(key, group);
  }
  const lines = [...groups.values()].flatMap(({ heads, body }) => [...heads, ...body]);
  const titles = [paint(style, 1, `--- ${before.name}`), paint(style, 1, `+++ ${after.name}`)];
  return [...titles, ...lines, summary(changes)].map((line) => `${line}\n`).join("");
}

function told(
  change: Change,
  before: Side,
  after: Side,
  style: Style,
): { readonly head: string; readonly body: readonly string[] } {
  const at = (side: Side, value: GraphValue) => sourcePlace(side.sourceOf(value), style);
  switch (change.kind) {
    case "added": {
      const head = paint(style, 32, `+ ${change.path} = ${shown(change.after)}`);
      return { head, body: [`    ${at(after, change.after)}`] };
    }
    case "removed": {
      const head = paint(style, 31, `- ${change.path} = ${shown(change.before)}`);
      return { head, body: [`    ${at(before, change.before)}`] };
    }
    case "changed": {
      const { path, pathBefore, isConstructor } = change;
      const text = isConstructor ? tag : shown;
      const [old, made] = [text(change.before), text(change.after)];
      const width = Math.max(old.length, made.length);
      return {
        head: `~ ${pathBefore === path ? path : `${pathBefore} → ${path}`}`,
        body: [
          `    ${paint(style, 31, `- ${old.padEnd(width)}`)}  ${at(before, change.before)}`,
          `    ${paint(style, 32, `+ ${made.padEnd(width)}`)}  ${at(after, change.after)}`,
        ],
      };
    }
  }
}

function summary(changes: readonly Change[]): string {
  const counts = (["changed", "added", "removed"] as const).map(
    (kind) => [kind, changes.filter((change) => change.kind === kind).length] as const,
  );
  return counts.flatMap(([kind, count]) => (count === 0 ? [] : [`${count} ${kind}`])).join(", ");
}

export function diffJson({ before, after, changes }: Differences) {
  const side = ({ side: { sourceOf } }: NamedSide, value: GraphValue) => {
    const { value: _, ...source } = sourceJson(sourceOf(value));
    return { value: valueText(value), ...source };
  };
  return {
    before: before.name,
    after: after.name,
    changes: changes.map((change) => ({
      kind: change.kind,
      path: change.path,
      ...(change.kind === "changed" ? { pathBefore: change.pathBefore } : {}),
      before: change.kind === "added" ? null : side(before, change.before),
      after: change.kind === "removed" ? null : side(after, change.after),
    })),
  };
}

function tag(value: GraphValue): string {
  return value.kind === "call" ? tagText(value) : shown(value);
}

function shown(value: GraphValue): string {
  return shorten(valueText(value), longestValue);
}

function paint({ color }: Style, code: number, text: string): string {
  return color ? `\u001b[${code}m${text}\u001b[0m` : text;
}
