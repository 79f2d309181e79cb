/**
 * @file The sum of what several users contribute to one gradient. Slices of one tensor contribute zero-padded pieces; where
 * the pieces tile an axis, their sum is a concatenation, without any zeros to write or add.
 */
import type { DType } from "../program/dtype.ts";
import * as build from "./build.ts";
import { isOp, type Node, type NodeOf } from "./graph.ts";
import { Tensor } from "./tensor.ts";

/** @param dtype  the type of what the gradient is of: sums of 16-bit gradients are kept in 16 bits, too */
export function sumContributions(list: readonly Tensor[], dtype: DType): Tensor {
  const pieces = list
    .map((x) => x.node)
    .filter((node): node is NodeOf<"pad"> => isOp(node, "pad") && node.op.value === 0);
  const joined = pieces.length > 1 ? joinPieces(pieces) : undefined;
  const rest = joined === undefined ? list : list.filter((x) => !pieces.includes(x.node as NodeOf<"pad">));
  const terms = joined === undefined ? rest : [...rest, new Tensor(joined)];
  return terms.reduce((sum, term) => {
    const total = sum.add(term);
    return dtype === "f16" || dtype === "bf16" ? new Tensor(build.store(total.node, dtype)) : total;
  });
}

/** The concatenation of the pieces along the one axis that they pad, if they cover it without gap and overlap. */
function joinPieces(pieces: readonly NodeOf<"pad">[]): Node | undefined {
  const axis = paddedAxis(pieces[0] as NodeOf<"pad">);
  if (axis === undefined || pieces.some((piece) => paddedAxis(piece) !== axis)) return undefined;
  const sorted = [...pieces].sort((a, b) => (a.op.before[axis] as number) - (b.op.before[axis] as number));
  let at = 0;
  for (const piece of sorted) {
    if (piece.op.before[axis] !== at) return undefined;
    at += piece.args[0]?.shape[axis] as number;
  }
  if (at !== sorted[0]?.shape[axis]) return undefined;
  const parts = sorted.map((piece) => piece.args[0] as Node);
  const isMixed = parts.some((part) => part.dtype !== parts[0]?.dtype);
  return build.concat(isMixed ? parts.map(build.toFloat) : parts, axis);
}

function paddedAxis(piece: NodeOf<"pad">): number | undefined {
  const axes = piece.shape.map((_, i) => i).filter((i) => piece.op.before[i] !== 0 || piece.op.after[i] !== 0);
  return axes.length === 1 ? axes[0] : undefined;
}
