/**
 * @file Graph pass: values given by path on the command line.
 *
 *     fgc train optimizer.lr=3e-4        optimizer: !partial:fgc/optim:AdamW { lr: 0.0003 }
 *
 * Needs:   link (a path may lead into what another project made).
 * Leaves:  every use of the changed node changed: an override means the value, not one place where it is used.
 * Faults:  override/unknown-path, override/not-a-container. A new last name of a call is taken: whether the callee has it is the types pass's to say.
 */
import { nearest } from "../../source/nearest.ts";
import { type DictEntry, type GraphValue, operands } from "../node.ts";
import { overrideDiagnostics as faults } from "./diagnostics.ts";
import type { GraphPass, Override, PassContext } from "./pass.ts";
import { keyText, targetOf, walk } from "./queries.ts";
import { rewrite } from "./rewrite.ts";

export const overrides: GraphPass = {
  name: "overrides",
  summary: "values given by path on the command line",
  run: (root, context) => context.overrides.reduce((graph, override) => apply(graph, override, context), root),
};

function apply(root: GraphValue, override: Override, context: PassContext): GraphValue {
  const [first, ...rest] = override.path;
  if (first === undefined) return root;
  const start = targetOf(root, first) ?? namedNode(root, first);
  if (start === undefined) {
    context.report(
      faults.unknownPath({}, { text: override.text, step: first, nearest: nearest(first, pathStarts(root)) }),
    );
    return root;
  }
  const changed = rest.length === 0 ? override.value : replaceBelow(start, rest, override, context);
  if (changed === undefined) return root;
  return rewrite(root, (node, original) => (original === start ? changed : node));
}

/** `node` with the value at `path` below it replaced. */
function replaceBelow(
  node: GraphValue,
  path: readonly string[],
  override: Override,
  context: PassContext,
): GraphValue | undefined {
  const [step, ...rest] = path as [string, ...string[]];
  const fail = (known: readonly string[]): undefined =>
    void context.report(
      faults.unknownPath(
        { span: node.origin.span, chain: node.origin.stack },
        { text: override.text, step, nearest: nearest(step, known) },
      ),
    );
  const below = (value: GraphValue | undefined, known: readonly string[], isNew: boolean): GraphValue | undefined => {
    if (rest.length === 0) return value !== undefined || isNew ? override.value : fail(known);
    return value === undefined ? fail(known) : replaceBelow(value, rest, override, context);
  };
  switch (node.kind) {
    case "call": {
      const position = /^arg(\d+)$/.exec(step)?.[1];
      if (position !== undefined) {
        const made = below(node.args[Number(position)], [], false);
        return made === undefined
          ? undefined
          : { ...node, args: node.args.map((arg, index) => (index === Number(position) ? made : arg)) };
      }
      const old = node.kwargs.find(({ name }) => name === step);
      const made = below(
        old?.value,
        node.kwargs.map(({ name }) => name),
        true,
      );
      if (made === undefined) return undefined;
      const kwargs =
        old === undefined
          ? [...node.kwargs, { name: step, nameOrigin: override.value.origin, value: made }]
          : node.kwargs.map((entry) => (entry === old ? { ...entry, value: made } : entry));
      return { ...node, kwargs };
    }
    case "dict": {
      const old = node.entries.find((entry) => keyText(entry) === step);
      const made = below(old?.value, node.entries.map(keyText), true);
      if (made === undefined) return undefined;
      const added: DictEntry = { key: { kind: "scalar", value: step, origin: override.value.origin }, value: made };
      return {
        ...node,
        entries:
          old === undefined
            ? [...node.entries, added]
            : node.entries.map((entry) => (entry === old ? { ...entry, value: made } : entry)),
      };
    }
    case "list":
    case "tuple": {
      const index = /^\d+$/.test(step) ? Number(step) : -1;
      const made = below(node.items[index], [], false);
      return made === undefined
        ? undefined
        : { ...node, items: node.items.map((item, at) => (at === index ? made : item)) };
    }
    default:
      context.report(
        faults.notAContainer({ span: node.origin.span, chain: node.origin.stack }, { text: override.text, step }),
      );
      return undefined;
  }
}

function namedNode(root: GraphValue, name: string): GraphValue | undefined {
  for (const node of walk(root)) if (node.kind === "call" && node.name === name) return node;
  return undefined;
}

function pathStarts(root: GraphValue): readonly string[] {
  const names = [...walk(root)].flatMap((node) => (node.kind === "call" && node.name !== undefined ? [node.name] : []));
  return [...(root.kind === "dict" ? root.entries.map(keyText) : operands(root).map(() => "")), ...names];
}
