/**
 * @file Gives every stored root its place: a program output, a state, a region of a concatenation, or scratch. A new state is
 * written straight into the state's buffer where everything that still needs the old content can run before, and through
 * scratch and a copy at the end where not.
 */
import { contiguousStrides } from "../program/dtype.ts";
import { isOp, type Node } from "../tensor/graph.ts";
import { stripReshape } from "./anchors.ts";
import { type Assembly, Reads } from "./assemble.ts";
import type { DraftAccess } from "./draft.ts";
import { draftGroup } from "./draft-group.ts";
import type { GroupGraph } from "./fuse.ts";
import { createRoot, type Group, type Home, type Root, type Slot, singleton } from "./group.ts";
import type { LowerGraph } from "./rewrite.ts";
import { locate, type Storage } from "./views.ts";

export class Placement {
  readonly slots = new Map<Node, Slot>();
  private readonly assembly: Assembly;
  private readonly graph: GroupGraph;
  private readonly storage: Storage;
  private readonly pieceOf = new Map<Node, { of: Node; axis: number; start: number }>();
  /** Anchors whose buffer is an output or a state. */
  private readonly assigned = new Map<Node, Slot>();
  private readonly extra = new Map<Node, Home[]>();

  constructor(assembly: Assembly, graph: GroupGraph, storage: Storage) {
    this.assembly = assembly;
    this.graph = graph;
    this.storage = storage;
    for (const [root, destination] of assembly.destinations)
      if (!root.isCopy && destination.kind === "piece") this.pieceOf.set(root.node, destination);
  }

  /** The buffer of a stored node and how the node lies in it. */
  homeOf(node: Node): Home {
    const piece = this.pieceOf.get(node);
    if (piece !== undefined) return this.region(piece, node);
    return { slot: this.assigned.get(node) ?? this.slotOf(node), offset: 0, strides: this.storage.layoutOf(node) };
  }

  private region({ of, axis, start }: { of: Node; axis: number; start: number }, _part: Node): Home {
    const whole = this.homeOf(of);
    return { ...whole, offset: whole.offset + start * (whole.strides[axis] as number) };
  }

  private slotOf(node: Node): Slot {
    let slot = this.slots.get(node);
    if (slot === undefined) {
      const { op } = node;
      const shape = node.shape;
      if (op.kind === "input") slot = { kind: "input", node, shape, name: op.name };
      else if (op.kind === "state") slot = { kind: "state", node, shape, name: op.state.id };
      else if (op.kind === "const") slot = { kind: "const", node, shape, name: `c${this.slots.size}` };
      else slot = { kind: "temp", node, shape, name: node.scope };
      this.slots.set(node, slot);
    }
    return slot;
  }

  placeOutputs({ outputs }: LowerGraph): void {
    for (const { name, node } of outputs) {
      const base = stripReshape(node);
      const slot: Slot = { kind: "output", node, shape: node.shape, name };
      if (this.canAssign(base) && !this.assigned.has(base)) this.assigned.set(base, slot);
      else this.copyTo(slot, node, base);
    }
  }

  /** One more store in the kernel that computes the node, or a copy where its kernel stores in a way of its own. */
  private copyTo(slot: Slot, node: Node, base: Node): Group | undefined {
    const home: Home = { slot, offset: 0, strides: contiguousStrides(base.shape) };
    const providers = this.assembly.providers.get(base) ?? [];
    const only =
      providers.length === 1 && !this.pieceOf.has(base) ? this.graph.groupOf.get(providers[0] as Root) : undefined;
    if (only !== undefined && only.kind !== "single" && slot.kind === "output") {
      this.extra.set(base, [...(this.extra.get(base) ?? []), home]);
      return undefined;
    }
    const root = createRoot(node, true);
    root.homes.push({ slot, offset: 0, strides: contiguousStrides(node.shape) });
    const group = singleton(root);
    this.graph.append(root, new Reads(this.storage).expression(node), group);
    return group;
  }

  private canAssign(node: Node): boolean {
    return this.storage.anchors.has(node) && this.storage.isPlain(node) && !this.pieceOf.has(node);
  }

  placeEffects({ effects }: LowerGraph): void {
    const readersOf = new Map<Node, Group[]>(effects.map(({ state }) => [state, []]));
    for (const group of this.graph.groups) {
      for (const read of this.graph.readsOfGroup(group)) readersOf.get(read)?.push(group);
    }
    for (const { state, value } of effects) {
      const base = stripReshape(value);
      if (base === state) continue;
      const readers = (readersOf.get(state) ?? []).filter((group) => this.graph.groups.has(group));
      if (this.canAssign(base) && !this.assigned.has(base) && this.tryInPlace(base, state, readers)) continue;
      const copy = this.copyTo(this.slotOf(state), value, base);
      if (copy !== undefined) for (const reader of readers) if (reader !== copy) this.graph.addOrder(reader, copy);
    }
  }

  private tryInPlace(base: Node, state: Node, readers: readonly Group[]): boolean {
    const slot = this.slotOf(state);
    const roots = this.assembly.providers.get(base) ?? [];
    // A slice written into the state itself needs no copy of the rest.
    const baseCopy =
      isOp(base, "updateSlice") && base.args[0] === state
        ? roots.find((root) => this.assembly.destinations.get(root)?.kind === "base")
        : undefined;
    const skipped = baseCopy && this.graph.groupOf.get(baseCopy);
    const writers = new Set(
      roots.map((root) => this.graph.groupOf.get(root) as Group).filter((group) => group !== skipped),
    );
    const before = readers.filter((group) => !writers.has(group) && group !== skipped);
    for (const writer of writers) {
      if (readers.includes(writer) && !this.readsOnlyWhatItReplaces(writer, base, state)) return false;
      for (const reader of before) if (this.graph.precedes(writer, reader, true)) return false;
    }
    this.assigned.set(base, slot);
    for (const writer of writers) for (const reader of before) this.graph.addOrder(reader, writer);
    if (skipped !== undefined) {
      this.graph.drop(skipped);
      (this.assembly.providers as Map<Node, readonly Root[]>).set(
        base,
        roots.filter((root) => root !== baseCopy),
      );
    }
    return true;
  }

  /** Whether the kernel reads each old element only where it stores the new one, and not after. */
  private readsOnlyWhatItReplaces(group: Group, base: Node, state: Node): boolean {
    const root = group.roots.find((candidate) => candidate.node === base && !candidate.isCopy);
    if (root === undefined || group.kind === "single") return false;
    if (group.kind === "matmul" && (group.core as Node).args.some((arg) => this.storage.viewOf(arg)?.root === state))
      return false;
    const home: Home = { slot: this.slotOf(state), offset: 0, strides: this.storage.layoutOf(base) };
    root.homes.push(home);
    const draft = draftGroup(group, this.storage);
    root.homes.pop();
    const isStore = (access: DraftAccess): boolean => access.target === home;
    const last = draft.phases.findIndex((phase) =>
      [...phase.outputs, ...phase.rowOutputs].some(({ access }) => isStore(access)),
    );
    const store = draft.phases
      .flatMap((phase) => [...phase.outputs, ...phase.rowOutputs])
      .find(({ access }) => isStore(access))?.access;
    const reads = draft.inputs.map((access, i) => ({ access, i })).filter(({ access }) => access.target === state);
    const aligned = reads.every(
      ({ access }) =>
        access.dynamic === undefined &&
        access.offset === store?.offset &&
        access.strides.every((stride, i) => stride === store.strides[i]),
    );
    const later = draft.phases
      .slice(last + 1)
      .some((phase) =>
        [...phase.body, ...phase.rowBody].some(
          (instr) => instr.op === "load" && reads.some(({ i }) => i === instr.access),
        ),
      );
    const storesRow = draft.phases[last]?.rowOutputs.some(({ access }) => isStore(access)) ?? false;
    return (
      aligned &&
      !later &&
      (storesRow ||
        !(draft.phases[last]?.rowBody ?? []).some(
          (instr) => instr.op === "load" && reads.some(({ i }) => i === instr.access),
        ))
    );
  }

  /** Fills in where each root is stored; those that nobody else reads stay in registers. */
  fillHomes(): void {
    const read = new Set<Node>();
    for (const group of this.graph.groups) for (const node of this.graph.readsOfGroup(group)) read.add(node);
    for (const group of this.graph.groups) {
      for (const root of group.roots) {
        const destination = this.assembly.destinations.get(root);
        if (root.isCopy) {
          if (destination !== undefined) root.homes.push(this.homeOfCopy(root, destination));
          continue;
        }
        const { node } = root;
        if (group.kind === "single" || read.has(node) || this.assigned.has(node) || this.pieceOf.has(node))
          root.homes.push(this.homeOf(node));
        root.homes.push(...(this.extra.get(node) ?? []));
      }
    }
  }

  private homeOfCopy(root: Root, destination: { kind: string; of: Node; axis?: number; start?: number | Node }): Home {
    const { of, axis = 0, start = 0 } = destination;
    if (destination.kind === "base") return this.homeOf(of);
    if (typeof start === "number") return this.region({ of, axis, start }, root.node);
    const whole = this.homeOf(of);
    const view = this.storage.viewOf(start);
    if (view === undefined) throw new Error("the position of an updated slice is not in memory");
    const at = locate(view, []);
    const extent = (of.shape[axis] as number) - (root.node.shape[axis] as number) + 1;
    return {
      ...whole,
      dynamic: [
        { index: { target: view.root, offset: at.offset, strides: [] }, scale: whole.strides[axis] as number, extent },
      ],
    };
  }
}
