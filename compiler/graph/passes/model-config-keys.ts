/**
 * @file Slips in a model's config that nothing else would tell: a key that no part asks for, beside one that some part does.
 *
 *     model_config:
 *         intermediate_size: 11008        from the parent template, used by the parts
 *         intermediate_siez: 768          used by nothing, and so without effect
 *
 * A model's config may hold keys for other tools (`model_type`, `architectures`), so only what looks like a misspelt key is told.
 */
import { nearest } from "../../source/nearest.ts";
import { placeOf } from "../describe.ts";
import { graphDiagnostics as faults } from "../diagnostics.ts";
import type { CallNode, DictEntry } from "../node.ts";
import type { PassContext } from "./pass.ts";
import { keyText, keyword, walk } from "./queries.ts";

export function reportUnusedKeys(module: CallNode, { report }: Pick<PassContext, "report">): void {
  const config = keyword(module, "config");
  const parts = keyword(module, "obj");
  if (config?.kind !== "dict" || parts === undefined || config.faulty === true) return;
  const used = new Set<string>();
  for (const node of walk(parts)) if (node.kind === "var") used.add(node.varName);
  // A variable for the whole config hands on every key.
  if (used.has("config")) return;
  const given = new Map(config.entries.map((entry) => [keyText(entry), entry]));
  for (const [name, entry] of given) {
    if (used.has(name)) continue;
    const meant = misspelt(name, used);
    if (meant === undefined) continue;
    const other = given.get(meant);
    const labels = other === undefined ? [] : [{ span: other.key.origin.span, text: "this one is used" }];
    report(faults.unusedConfigKey({ ...placeOf(placeOfKey(entry)), labels }, { name, nearest: meant }));
  }
}

function placeOfKey({ key }: DictEntry) {
  return key.origin;
}

/** The name that differs from `name` in one word of four letters or more, by a letter or two: `eos_token_id` is not meant by `bos_token_id`. */
function misspelt(name: string, known: ReadonlySet<string>): string | undefined {
  const words = name.split("_");
  for (const candidate of known) {
    const others = candidate.split("_");
    if (others.length !== words.length) continue;
    const differing = words.flatMap((word, i) => (word === others[i] ? [] : [i]));
    const [index] = differing;
    if (differing.length !== 1 || index === undefined) continue;
    const [word, other] = [words[index] as string, others[index] as string];
    if (
      word.length >= 4 &&
      other.length >= 4 &&
      Math.abs(word.length - other.length) <= 1 &&
      nearest(word, [other]) === other
    )
      return candidate;
  }
  return undefined;
}
