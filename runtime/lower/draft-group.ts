/**
 * @file From a group to the draft of its kernel: orders the reductions into phases and writes the code. Fails (`Unfit`) where a
 * root would have to be read elsewhere than where the kernel computes it; that is how fusion finds out what fits together.
 */
import { isOp, type Node, nodeSize } from "../tensor/graph.ts";
import { CodeWriter } from "./code-writer.ts";
import type { DomainAxis, Draft, DraftAccess, DraftPhase } from "./draft.ts";
import { type Group, type Home, outerSize, type Root, sizeOfSpace } from "./group.ts";
import { combine, type IndexMap, keyOfMap, origin, Refine, reshapeMap, Unfit } from "./index-map.ts";
import { mergeAxes } from "./merge-axes.ts";
import type { Storage } from "./views.ts";

/** @throws Unfit */
export function draftGroup(group: Group, storage: Storage): Draft {
  let domain = initialDomain(group);
  for (;;) {
    try {
      return draftOnDomain(group, storage, domain);
    } catch (error) {
      if (!(error instanceof Refine)) throw error;
      domain = splitAxis(domain, error);
    }
  }
}

/** Outer axes in order, then the reduced ones. Axes of extent 1 have no position to speak of. */
function initialDomain({ space, reduced }: Group): DomainAxis[] {
  const axes = space
    .map((extent, spaceAxis) => ({ spaceAxis, extent, stride: 1 }))
    .filter(({ extent }) => extent !== 1);
  return [
    ...axes.filter(({ spaceAxis }) => !reduced.includes(spaceAxis)),
    ...axes.filter(({ spaceAxis }) => reduced.includes(spaceAxis)),
  ];
}

function splitAxis(domain: readonly DomainAxis[], { axis, inner }: Refine): DomainAxis[] {
  return domain.flatMap((piece, i) => {
    if (i !== axis) return [piece];
    return [
      { ...piece, extent: piece.extent / inner, stride: piece.stride * inner },
      { ...piece, extent: inner },
    ];
  });
}

interface Context {
  readonly group: Group;
  readonly writer: CodeWriter;
  readonly mapOf: (root: Root) => IndexMap;
}

function draftOnDomain(group: Group, storage: Storage, domain: readonly DomainAxis[]): Draft {
  const extents = domain.map(({ extent }) => extent);
  const innerRank = domain.filter(({ spaceAxis }) => group.reduced.includes(spaceAxis)).length;
  const outerRank = domain.length - innerRank;
  const spaceMap = group.space.map((_, spaceAxis) => ({
    offset: 0,
    terms: domain.flatMap((piece, axis) => (piece.spaceAxis === spaceAxis ? [{ axis, stride: piece.stride }] : [])),
  }));
  const maps = new Map(group.roots.map((root) => [root, rootMap(root.node, group, spaceMap, extents)]));
  const mapOf = (root: Root): IndexMap => maps.get(root) as IndexMap;
  const own = new Map(group.roots.filter((root) => !root.isCopy).map((root) => [root.node, keyOfMap(mapOf(root))]));
  const isMatmul = group.kind === "matmul";
  const writer = new CodeWriter(storage, extents, outerRank, own, isMatmul ? 1 : 0);
  const context = { group, writer, mapOf };
  if (group.kind === "reduce") writePhases(context, spaceMap, outerRank, extents);
  else writeElements(context);
  const draft = { domain, innerRank, inputs: writer.inputs, phases: writer.phases };
  const merged = mergeAxes(draft, isMatmul ? group.space : undefined);
  if (merged === undefined) throw new Unfit(group.core as Node, "its rows and columns do not stay whole");
  return merged;
}

/** Where a root's elements lie: at the points of the whole space, or at its rows. */
function rootMap(node: Node, group: Group, spaceMap: IndexMap, extents: readonly number[]): IndexMap {
  const size = nodeSize(node);
  const isRow = group.kind === "reduce" && (isOp(node, "reduce") || size !== sizeOfSpace(group));
  if (!isRow) return reshapeMap(spaceMap, group.space, node.shape, extents, node);
  if (size !== outerSize(group)) throw new Unfit(node, "has neither a value per element nor one per row");
  const rows = group.space.map((extent, i) => (group.reduced.includes(i) ? 1 : extent));
  return reshapeMap(
    spaceMap.map((coord, i) => (group.reduced.includes(i) ? origin : coord)),
    rows,
    node.shape,
    extents,
    node,
  );
}

function writeElements({ group, writer, mapOf }: Context): void {
  const phase = writer.openPhase();
  for (const root of group.roots) {
    if (root.node === group.core) writer.define(root.node, mapOf(root), 0);
    const value = writer.rootValue(root.node, mapOf(root), "element");
    for (const home of root.homes) phase.outputs.push({ access: homeAccess(home, mapOf(root), writer), value });
  }
}

function writePhases(
  { group, writer, mapOf }: Context,
  spaceMap: IndexMap,
  outerRank: number,
  extents: readonly number[],
): void {
  const levels = levelsOf(group);
  const isElementRoot = (root: Root): boolean => !isOp(root.node, "reduce") && !writer.isRow(mapOf(root));
  const levelOf = (root: Root): number => levels.get(root.node) as number;
  const last = Math.max(...group.roots.map((root) => (isElementRoot(root) ? levelOf(root) + 1 : levelOf(root))));
  for (let level = 0; level <= last; level++) {
    const phase = writer.openPhase();
    // Row values that are known by now go with the phase before.
    for (const root of group.roots) {
      if (isOp(root.node, "reduce") || isElementRoot(root) || levelOf(root) !== level) continue;
      const value = writer.rootValue(root.node, mapOf(root), "row");
      for (const home of root.homes)
        writer.rowPhase.rowOutputs.push({ access: homeAccess(home, mapOf(root), writer), value });
    }
    const reductions = group.roots.filter((root) => isOp(root.node, "reduce") && levelOf(root) === level + 1);
    const values = reductions.map((root) => {
      const source = root.node.args[0] as Node;
      return writer.value(source, argumentMap(root.node, group, spaceMap, outerRank, extents), "element");
    });
    for (const root of group.roots) {
      if (!isElementRoot(root) || levelOf(root) !== level) continue;
      const value = writer.rootValue(root.node, mapOf(root), "element");
      for (const home of root.homes) phase.outputs.push({ access: homeAccess(home, mapOf(root), writer), value });
    }
    for (const [i, root] of reductions.entries()) closeReduction(root, values[i] as number, phase, writer, mapOf(root));
  }
}

function closeReduction(root: Root, value: number, phase: DraftPhase, writer: CodeWriter, map: IndexMap): void {
  if (!isOp(root.node, "reduce")) return;
  phase.reduce.push({ op: root.node.op.fn, value });
  const result = writer.nextRow();
  writer.define(root.node, map, result);
  for (const home of root.homes) phase.rowOutputs.push({ access: homeAccess(home, map, writer), value: result });
}

/** Where a reduction of the group reads its argument; its reduced axes must be the kernel's. */
function argumentMap(
  node: Node,
  group: Group,
  spaceMap: IndexMap,
  outerRank: number,
  extents: readonly number[],
): IndexMap {
  const { shape } = node.args[0] as Node;
  const map = reshapeMap(spaceMap, group.space, shape, extents, node);
  const axes = node.op.kind === "reduce" ? node.op.axes : [];
  const agrees = map.every(({ terms }, i) => terms.every(({ axis }) => axis >= outerRank === axes.includes(i)));
  if (!agrees) throw new Unfit(node, "reduces other axes than its kernel");
  return map;
}

/**
 * How many reductions of the group must have come before: 0 for what depends on none; a reduction itself is one above what it reads.
 */
function levelsOf(group: Group): ReadonlyMap<Node, number> {
  const members = new Set(group.roots.filter((root) => !root.isCopy).map((root) => root.node));
  const lowest = Math.min(...[...members].map((node) => node.id));
  const levels = new Map<Node, number>();
  const visit = (node: Node): number => {
    const known = levels.get(node);
    if (known !== undefined) return known;
    let level = 0;
    // What was recorded before every member depends on none of them.
    if (node.id >= lowest) for (const arg of node.args) level = Math.max(level, visit(arg));
    if (members.has(node) && isOp(node, "reduce")) level++;
    levels.set(node, level);
    return level;
  };
  for (const root of group.roots) visit(root.node);
  return levels;
}

/** A root's place in memory, from the kernel's domain. */
export function homeAccess(home: Home, map: IndexMap, writer: CodeWriter): DraftAccess {
  const coord = combine(
    map.map((at, i) => ({ coord: at, factor: home.strides[i] as number })),
    home.offset,
  );
  const access = { target: home, ...writer.linear(coord) };
  if (home.dynamic === undefined) return access;
  const scalar = new Array<number>(access.strides.length).fill(0);
  return { ...access, dynamic: home.dynamic.map((d) => ({ ...d, index: { ...d.index, strides: scalar } })) };
}
