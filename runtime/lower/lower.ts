/**
 * @file The tensor compiler: from what a traced function leaves behind to a Program.
 *
 *     passes        simplify the op graph                          passes/
 *     anchors       choose what is stored                          anchors.ts, legalize.ts
 *     fuse          group what one kernel computes                 assemble.ts, fuse.ts
 *     place         buffers for results and states                 place.ts
 *     schedule      order and stages                               schedule.ts
 *     build         scalar code, accesses, kernels                 draft-group.ts, build-kernel.ts
 *     memory        one arena for all scratch                      program/memory.ts
 */
import { bytesPerElement, sizeOf } from "../program/dtype.ts";
import type { BufferId, Kernel } from "../program/kernel.ts";
import { planMemory, type TempBuffer } from "../program/memory.ts";
import { type BufferDecl, type Program, programVersion } from "../program/program.ts";
import { createNode, type Node } from "../tensor/graph.ts";
import { chooseAnchors, stripReshape } from "./anchors.ts";
import { assemble } from "./assemble.ts";
import { buildKernel, type Places } from "./build-kernel.ts";
import { buildSingle } from "./build-single.ts";
import { draftGroup } from "./draft-group.ts";
import { fuse } from "./fuse.ts";
import type { Group, Home, Slot } from "./group.ts";
import { describeGroup } from "./label.ts";
import { legalize } from "./legalize.ts";
import { passes } from "./passes/index.ts";
import { Placement } from "./place.ts";
import { type LowerGraph, runPass } from "./rewrite.ts";
import { schedule } from "./schedule.ts";
import { isBufferLeaf, type Storage } from "./views.ts";

export interface Traced {
  readonly name: string;
  readonly outputs: ReadonlyMap<string, Node>;
  /** State leaf to the value that it has after a run. */
  readonly effects: ReadonlyMap<Node, Node>;
}

export interface Lowered {
  readonly program: Program;
  /** The state leaves that the program reads or writes. */
  readonly states: readonly Node[];
}

export function lower(traced: Traced): Lowered {
  const graph = separateEffects(passes.reduce(runPass, fromTrace(traced)));
  const storage = chooseAnchors(graph);
  legalize(graph, storage);
  const assembly = assemble(graph, storage);
  const groups = fuse(assembly, storage);
  const placement = new Placement(assembly, groups, storage);
  placement.placeOutputs(graph);
  placement.placeEffects(graph);
  placement.fillHomes();

  const scheduled = schedule(groups).filter(({ group }) => !isEmpty(group));
  const buffers = new BufferTable(placement, storage);
  const kernels = scheduled.map(({ group }) => build(group, storage, buffers));
  const stages = scheduled.map(({ stage }) => stage);
  const plan = planMemory(buffers.temps(), kernels, stages);
  const program: Program = {
    version: programVersion,
    name: traced.name,
    buffers: buffers.declarations(plan.offsets),
    kernels,
    stages: renumber(stages),
    arenaBytes: plan.arenaBytes,
  };
  return { program, states: buffers.states() };
}

function fromTrace({ outputs, effects }: Traced): LowerGraph {
  return {
    outputs: [...outputs].map(([name, node]) => ({ name, node })),
    effects: [...effects].map(([state, value]) => ({ state, value })),
  };
}

/**
 * A state that becomes another leaf, as it is, gets a node of its own to compute: the leaf may itself be overwritten. State
 * leaves are the interned ones of the rewritten graph.
 */
function separateEffects(graph: LowerGraph): LowerGraph {
  const leaves = new Map<string, Node>();
  const visit = (node: Node, seen: Set<Node>): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (node.op.kind === "state") leaves.set(node.op.state.id, node);
    for (const arg of node.args) visit(arg, seen);
  };
  const seen = new Set<Node>();
  for (const { node } of graph.outputs) visit(node, seen);
  for (const { value } of graph.effects) visit(value, seen);
  const effects = graph.effects.map(({ state, value }) => {
    const leaf = (state.op.kind === "state" ? leaves.get(state.op.state.id) : undefined) ?? state;
    const base = stripReshape(value);
    if (base === leaf || !isBufferLeaf(base)) return { state: leaf, value };
    return { state: leaf, value: createNode({ kind: "barrier" }, [value], value.shape, value.dtype, value.scope) };
  });
  return { outputs: graph.outputs, effects };
}

function isEmpty({ space, reduced, roots }: Group): boolean {
  const isRow = reduced.length > 0 && roots.some(({ node }) => sizeOf(node.shape) > 0);
  return sizeOf(space) === 0 && !isRow;
}

function build(group: Group, storage: Storage, places: Places): Kernel {
  const label = describeGroup(group);
  return group.kind === "single"
    ? buildSingle(group, label, places)
    : buildKernel(group, draftGroup(group, storage), label, places);
}

function renumber(stages: readonly number[]): number[] {
  const distinct = [...new Set(stages)];
  return stages.map((stage) => distinct.indexOf(stage));
}

/** Numbers buffers in the order in which kernels name them. */
class BufferTable implements Places {
  readonly storage: Storage;
  private readonly placement: Placement;
  private readonly ids = new Map<Slot, BufferId>();

  constructor(placement: Placement, storage: Storage) {
    this.placement = placement;
    this.storage = storage;
  }

  bufferOf(target: Node | Home): { buffer: BufferId; offset: number } {
    // A home's offset is part of the access that was made from it; a node's is added here.
    if ("slot" in target) return { buffer: this.idOf(target.slot), offset: 0 };
    const home = this.placement.homeOf(target);
    return { buffer: this.idOf(home.slot), offset: home.offset };
  }

  private idOf(slot: Slot): BufferId {
    const id = this.ids.get(slot) ?? this.ids.size;
    this.ids.set(slot, id);
    return id;
  }

  temps(): TempBuffer[] {
    return [...this.ids]
      .filter(([slot]) => slot.kind === "temp")
      .map(([slot, id]) => ({
        id,
        dtype: slot.node.dtype,
        bytes: sizeOf(slot.shape) * bytesPerElement[slot.node.dtype],
      }));
  }

  states(): Node[] {
    return [...this.ids.keys()].filter((slot) => slot.kind === "state").map((slot) => slot.node);
  }

  declarations(offsets: ReadonlyMap<BufferId, number>): BufferDecl[] {
    return [...this.ids].map(([slot, id]): BufferDecl => {
      const { node, kind, shape } = slot;
      const label = node.op.kind === "state" ? node.op.state.label : "";
      const base = {
        id,
        kind,
        dtype: node.dtype,
        shape,
        name: kind === "temp" ? `t${id}` : slot.name,
        ...(label === "" ? {} : { label }),
      };
      if (node.op.kind === "const" && kind === "const") return { ...base, data: node.op.data };
      return kind === "temp" ? { ...base, arenaOffset: offsets.get(id) ?? 0 } : base;
    });
  }
}
