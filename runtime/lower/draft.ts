/**
 * @file Drafts of kernels: scalar code and accesses before buffers have numbers. Positions (`iota`) are kept whole until the
 * domain's axes have been merged, since merging changes what an axis means.
 */
import type { DType } from "../program/dtype.ts";
import type { Instr } from "../program/scalar.ts";
import type { Node } from "../tensor/graph.ts";
import type { Home } from "./group.ts";

/** A stored node, or a home, reached from the kernel's domain. */
export interface DraftAccess {
  readonly target: Node | Home;
  readonly offset: number;
  /** Per domain axis. */
  readonly strides: readonly number[];
  readonly dynamic?: readonly DraftDynamic[];
}

export interface DraftDynamic {
  readonly index: { readonly target: Node; readonly offset: number; readonly strides: readonly number[] };
  readonly scale: number;
  readonly extent: number;
}

/** Row values are numbered 0, 1, 2 …; element values −1, −2, −3 …, renumbered behind the row values when a body is closed. */
export type Ref = number;

export type DraftInstr = Instr | { readonly op: "iota"; readonly offset: number; readonly strides: readonly number[] };

export interface DraftStore {
  readonly access: DraftAccess;
  readonly value: Ref;
}

/** One domain axis: a piece of an axis of the group's space. */
export interface DomainAxis {
  readonly spaceAxis: number;
  readonly extent: number;
  /** Space positions per step. */
  readonly stride: number;
}

export interface DraftPhase {
  readonly body: DraftInstr[];
  readonly reduce: { readonly op: "sum" | "max" | "min" | "prod"; readonly value: Ref }[];
  readonly rowBody: DraftInstr[];
  readonly outputs: DraftStore[];
  readonly rowOutputs: DraftStore[];
}

export interface Draft {
  readonly domain: readonly DomainAxis[];
  /** How many of the domain's axes, at its end, are reduced. */
  readonly innerRank: number;
  readonly inputs: readonly DraftAccess[];
  readonly phases: readonly DraftPhase[];
}

export function emptyPhase(): DraftPhase {
  return { body: [], reduce: [], rowBody: [], outputs: [], rowOutputs: [] };
}

export type ScalarType = "f32" | "i32" | "bool";

export function scalarType(dtype: DType): ScalarType {
  return dtype === "f16" || dtype === "bf16" ? "f32" : dtype;
}

/** The instruction with its operands renamed. */
export function mapRefs<T extends DraftInstr>(instr: T, map: (ref: Ref) => number): T {
  switch (instr.op) {
    case "unary":
    case "cast":
      return { ...instr, a: map(instr.a) };
    case "binary":
      return { ...instr, a: map(instr.a), b: map(instr.b) };
    case "where":
      return { ...instr, cond: map(instr.cond), a: map(instr.a), b: map(instr.b) };
    case "random":
      return { ...instr, seed: map(instr.seed), counter: map(instr.counter), index: map(instr.index) };
    default:
      return instr;
  }
}
