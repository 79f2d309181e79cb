/**
 * @file Which part of a product a workgroup makes. Workgroups are counted along one line: tiles within a batch entry, then batch entries, then
 * parts of k. Tiles go down a band of a few rows of tiles before they go on to the right, so that workgroups that run at the same time share
 * lines of A and of B in the second-level cache.
 */
import { add, binary, builtin, div, gridOf, type KernelBuilder, linearWorkgroup, min, mul, rem, u } from "../build.ts";
import type { Expr } from "../ir.ts";

export interface ProductGrid {
  readonly tilesDown: number;
  readonly tilesAcross: number;
  readonly batch: readonly number[];
  readonly splits: number;
}

export interface GridPosition {
  readonly tileRow: Expr;
  readonly tileColumn: Expr;
  /** Position on each batch axis. */
  readonly batch: readonly Expr[];
  /** Of all batch axes together. */
  readonly flatBatch: Expr;
  readonly split: Expr;
}

/** Rows of tiles in a band. */
const bandHeight = 8;

export const batchesOf = (batch: readonly number[]): number => batch.reduce((product, extent) => product * extent, 1);

const workgroupsOf = ({ tilesDown, tilesAcross, batch, splits }: ProductGrid): number =>
  tilesDown * tilesAcross * batchesOf(batch) * splits;

export function dispatchGrid(grid: ProductGrid, limit: number): readonly [number, number, number] {
  return gridOf(workgroupsOf(grid), limit);
}

/** Finds the workgroup's place; workgroups beyond the last (a grid is a rectangle) do nothing. */
export function placeWorkgroup(
  k: KernelBuilder,
  grid: ProductGrid,
  limit: number,
  body: (position: GridPosition) => void,
): void {
  const { tilesDown, tilesAcross, batch, splits } = grid;
  const count = workgroupsOf(grid);
  const shape = gridOf(count, limit);
  const number = k.let(shape[1] === 1 ? builtin("workgroupX") : linearWorkgroup(shape));
  const tiles = tilesDown * tilesAcross;
  const batches = batchesOf(batch);
  const emit = (): void => {
    const tile = k.let(tiles * batches * splits === tiles ? number : rem(number, u(tiles)));
    const flat = k.let(div(number, u(tiles)));
    const flatBatch = k.let(splits === 1 ? flat : rem(flat, u(batches)));
    const split = splits === 1 ? u(0) : k.let(div(flat, u(batches)));
    body({ ...tileOf(k, grid, tile), flatBatch, batch: coordinatesOf(k, flatBatch, batch), split });
  };
  if (shape[0] * shape[1] === count) emit();
  else k.if(binary("lt", number, u(count)), emit);
}

function tileOf(
  k: KernelBuilder,
  { tilesDown, tilesAcross }: ProductGrid,
  tile: Expr,
): Pick<GridPosition, "tileRow" | "tileColumn"> {
  if (tilesDown === 1) return { tileRow: u(0), tileColumn: tile };
  if (tilesAcross === 1) return { tileRow: tile, tileColumn: u(0) };
  const height = Math.min(bandHeight, tilesDown);
  const inBand = k.let(rem(tile, u(height * tilesAcross)));
  const top = k.let(mul(div(tile, u(height * tilesAcross)), u(height)));
  const here = tilesDown % height === 0 ? u(height) : k.let(min(u(height), binary("sub", u(tilesDown), top)));
  return { tileRow: k.let(add(top, rem(inBand, here))), tileColumn: k.let(div(inBand, here)) };
}

/** A flat number of a batch entry as a position on each axis. */
export function coordinatesOf(k: KernelBuilder, flat: Expr, batch: readonly number[]): readonly Expr[] {
  let rest = flat;
  const positions: Expr[] = [];
  for (let axis = batch.length - 1; axis >= 0; axis--) {
    const extent = batch[axis] as number;
    positions.unshift(k.let(axis === 0 ? rest : rem(rest, u(extent))));
    rest = axis === 0 ? rest : k.let(div(rest, u(extent)));
  }
  return positions;
}
