/**
 * @file Turns expressions of the op graph into scalar code over a domain. What does not depend on the reduced axes is computed
 * once per row; equal values are computed once; stored nodes become loads.
 */
import { isElementwise, isOp, type Node } from "../tensor/graph.ts";
import { type DraftAccess, type DraftInstr, type DraftPhase, emptyPhase, type Ref, scalarType } from "./draft.ts";
import { type Coord, combine, type IndexMap, keyOfMap, moveMap, origin, reshapeMap, Unfit } from "./index-map.ts";
import { locate, type Storage } from "./views.ts";

export class CodeWriter {
  readonly phases: DraftPhase[] = [emptyPhase()];
  readonly inputs: DraftAccess[] = [];
  private readonly storage: Storage;
  private readonly extents: readonly number[];
  /** Domain axes from here on are reduced. */
  private readonly outerRank: number;
  /** What this kernel computes itself, with the map at which each lives. */
  private readonly own: ReadonlyMap<Node, string>;
  private readonly inputKeys = new Map<string, number>();
  private readonly rowValues = new Map<string, Ref>();
  private elementValues = new Map<string, Ref>();
  /** The root whose code is being written. */
  private root: Node | undefined;
  private rowCount: number;
  private elementCount = 0;

  constructor(
    storage: Storage,
    extents: readonly number[],
    outerRank: number,
    own: ReadonlyMap<Node, string>,
    rowsGiven = 0,
  ) {
    this.storage = storage;
    this.extents = extents;
    this.outerRank = outerRank;
    this.own = own;
    this.rowCount = rowsGiven;
  }

  /** Begins a phase: bodies are written into it, and row code into the one before. */
  openPhase(): DraftPhase {
    const phase = emptyPhase();
    this.phases.push(phase);
    this.elementValues = new Map();
    this.elementCount = 0;
    return phase;
  }

  /** The phase that row code belongs to now. */
  get rowPhase(): DraftPhase {
    return this.phases[this.phases.length - 2] as DraftPhase;
  }

  /** Declares a value that the kernel has without computing it by instructions: a reduction's result, a product. */
  define(node: Node, map: IndexMap, ref: Ref): void {
    this.rowValues.set(keyOf(node, map), ref);
  }

  /** The register of the next reduction result. Bodies of this phase must be complete. */
  nextRow(): Ref {
    return this.rowCount++;
  }

  isRow(map: IndexMap): boolean {
    return map.every(({ terms }) => terms.every(({ axis }) => axis < this.outerRank));
  }

  /** The register that holds `node` at `map`, writing the code for it if there is none. */
  value(node: Node, map: IndexMap, where: "row" | "element"): Ref {
    const place =
      where === "element" && node.op.kind !== "full" && this.isRow(map) && this.outerRank < this.extents.length
        ? "row"
        : where;
    // Rounding to 16 bits happens in memory: within a kernel the value would still be f32, which only a relaxed cast allows.
    if (isHalf(node) && node !== this.root && this.own.has(node) && !isRelaxed(node))
      throw new Unfit(node, "is rounded when stored");
    const key = keyOf(node, map);
    const known = this.rowValues.get(key) ?? (place === "element" ? this.elementValues.get(key) : undefined);
    if (known !== undefined) return known;
    const ref = this.write(node, map, place);
    (ref >= 0 ? this.rowValues : this.elementValues).set(key, ref);
    return ref;
  }

  /** The register of a root that this kernel computes. */
  rootValue(node: Node, map: IndexMap, where: "row" | "element"): Ref {
    this.root = node;
    const ref = this.value(node, map, where);
    this.root = undefined;
    return ref;
  }

  private write(node: Node, map: IndexMap, place: "row" | "element"): Ref {
    const home = this.own.get(node);
    if (home !== undefined) {
      if (home !== keyOfMap(map)) throw new Unfit(node, "is read elsewhere than where this kernel computes it");
      if (isOp(node, "reduce") || isOp(node, "matmul")) throw new Unfit(node, "is not known yet");
    } else {
      const loaded = this.load(node, map, place);
      if (loaded !== undefined) return loaded;
    }
    return this.compute(node, map, place);
  }

  /** Computes a stored node's value from its arguments or, for a copy, loads it. */
  private compute(node: Node, map: IndexMap, place: "row" | "element"): Ref {
    const { op } = node;
    const arg = (i: number): Ref => this.value(node.args[i] as Node, map, place);
    switch (op.kind) {
      case "full":
        return this.emit({ op: "const", value: op.value, dtype: scalarType(node.dtype) }, place);
      case "iota": {
        const { offset, strides } = this.linear(
          combine(
            map.map((coord, i) => ({ coord, factor: op.strides[i] as number })),
            op.offset,
          ),
        );
        return this.emit({ op: "iota", offset, strides }, place);
      }
      case "unary":
        return this.emit({ op: "unary", fn: op.fn, a: arg(0) }, place);
      case "binary":
        return this.emit({ op: "binary", fn: op.fn, a: arg(0), b: arg(1) }, place);
      case "where":
        return this.emit({ op: "where", cond: arg(0), a: arg(1), b: arg(2) }, place);
      case "cast": {
        const to = scalarType(node.dtype);
        const source = arg(0);
        // To or from a 16-bit type: stores and loads convert.
        return scalarType((node.args[0] as Node).dtype) === to
          ? source
          : this.emit({ op: "cast", a: source, to }, place);
      }
      case "random": {
        const counter = arg(0);
        const index = arg(1);
        const seed = this.emit({ op: "const", value: op.seed, dtype: "i32" }, place);
        return this.emit({ op: "random", seed, counter, index }, place);
      }
      case "reshape": {
        const source = node.args[0] as Node;
        return this.value(source, reshapeMap(map, node.shape, source.shape, this.extents, source), place);
      }
      case "permute":
      case "expand":
      case "slice":
      case "barrier":
        return this.value(node.args[0] as Node, moveMap(node, map), place);
      case "take":
        return this.loadTaken(node, op.axis, map, place);
      default:
        throw new Unfit(node, "has no scalar code");
    }
  }

  private load(node: Node, map: IndexMap, place: "row" | "element"): Ref | undefined {
    const view = this.storage.viewOf(node);
    if (view === undefined || this.own.has(view.root)) return undefined;
    const coord = locate(view, map);
    const isRow = this.outerRank < this.extents.length && this.isRow([coord]);
    return this.loadOnce({ target: view.root, ...this.linear(coord) }, node, isRow ? "row" : place);
  }

  /** A load whose position along one axis is read from memory. */
  private loadTaken(node: Node, axis: number, map: IndexMap, place: "row" | "element"): Ref {
    const [x, index] = node.args as [Node, Node];
    // The taken axis as one more domain axis: its stride in x's buffer is what one step of the index is worth.
    const free = this.extents.length;
    const extent = x.shape[axis] as number;
    const sourceMap = map.map((coord, i) => (i === axis ? { offset: 0, terms: [{ axis: free, stride: 1 }] } : coord));
    const source = this.reach(x, sourceMap, [...this.extents, extent]);
    const indexMap = map.map((coord, i) => (index.shape[i] === 1 ? origin : coord));
    const at = this.reach(index, indexMap, this.extents);
    const scale = source.coord.terms.find((term) => term.axis === free)?.stride ?? 0;
    const base = this.linear({
      offset: source.coord.offset,
      terms: source.coord.terms.filter((term) => term.axis !== free),
    });
    const dynamic = [{ index: { target: at.root, ...this.linear(at.coord) }, scale, extent }];
    return this.loadOnce({ target: source.root, ...base, dynamic }, node, place);
  }

  /** Different views of one element are one load. */
  private loadOnce(access: DraftAccess, node: Node, place: "row" | "element"): Ref {
    const input = this.input(access);
    const key = `load ${input}`;
    const known = this.rowValues.get(key) ?? (place === "element" ? this.elementValues.get(key) : undefined);
    if (known !== undefined) return known;
    const ref = this.emit({ op: "load", access: input, dtype: scalarType(node.dtype) }, place);
    (ref >= 0 ? this.rowValues : this.elementValues).set(key, ref);
    return ref;
  }

  /** A stored node below movement, as a place in memory. */
  private reach(node: Node, map: IndexMap, extents: readonly number[]): { root: Node; coord: Coord } {
    const view = this.storage.viewOf(node);
    if (view !== undefined && !this.own.has(view.root)) return { root: view.root, coord: locate(view, map) };
    const source = node.args[0];
    if (view === undefined && source !== undefined && !isElementwise(node)) {
      if (node.op.kind === "reshape")
        return this.reach(source, reshapeMap(map, node.shape, source.shape, extents, node), extents);
      if (
        node.op.kind === "permute" ||
        node.op.kind === "expand" ||
        node.op.kind === "slice" ||
        node.op.kind === "barrier"
      )
        return this.reach(source, moveMap(node, map), extents);
    }
    throw new Unfit(node, "is not in memory");
  }

  private input(access: DraftAccess): number {
    const dynamic =
      access.dynamic
        ?.map(
          ({ index, scale, extent }) =>
            `${(index.target as Node).id}@${index.offset}:${index.strides.join()}*${scale}<${extent}`,
        )
        .join() ?? "";
    const key = `${(access.target as Node).id}@${access.offset}:${access.strides.join()}${dynamic}`;
    const known = this.inputKeys.get(key);
    if (known !== undefined) return known;
    this.inputs.push(access);
    this.inputKeys.set(key, this.inputs.length - 1);
    return this.inputs.length - 1;
  }

  /** An affine form as offset and strides per domain axis. */
  linear(coord: Coord): { offset: number; strides: readonly number[] } {
    const strides = new Array<number>(this.extents.length).fill(0);
    for (const { axis, stride } of coord.terms) if ((this.extents[axis] as number) > 1) strides[axis] = stride;
    return { offset: coord.offset, strides };
  }

  private emit(instr: DraftInstr, place: "row" | "element"): Ref {
    if (place === "row") {
      this.rowPhase.rowBody.push(instr);
      return this.rowCount++;
    }
    (this.phases[this.phases.length - 1] as DraftPhase).body.push(instr);
    return -++this.elementCount;
  }
}

function isHalf({ dtype }: Node): boolean {
  return dtype === "f16" || dtype === "bf16";
}

function isRelaxed({ op }: Node): boolean {
  return op.kind === "cast" && op.relaxed === true;
}

function keyOf(node: Node, map: IndexMap): string {
  return `${node.id}:${keyOfMap(map)}`;
}
