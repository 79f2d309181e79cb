/** @file Rows of text in aligned columns. */

/** One line for each row; columns as wide as their longest cell, two blanks between. */
export function columns(rows: readonly (readonly string[])[], indent = ""): string {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  const line = (row: readonly string[]) => row.map((cell, i) => cell.padEnd(widths[i] as number)).join("  ");
  return rows.map((row) => `${`${indent}${line(row)}`.trimEnd()}\n`).join("");
}
