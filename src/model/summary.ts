/**
 * A model's layers and parameters as a table.
 *
 * @module
 */
import type { Declarations } from "../graph/parameter.ts";

/** Writes the parameters, their total and what each regularizer covers as a table. */
export function summarize({ parameters, tables }: Declarations, total: number): string {
  const rows: [string, string, string, string][] = [["name", "shape", "parameters", "L2"]];
  const count = (n: number): string => n.toLocaleString("en");
  for (const table of tables.values()) {
    rows.push([table.name, `[${table.rows}, ${table.dim}]`, count(table.rows * table.dim), "embedding"]);
  }
  for (const { name, shape, trainable, regularized } of parameters.values()) {
    const size = shape.reduce((product, dim) => product * dim, 1);
    rows.push([name, `[${shape.join(", ")}]`, trainable ? count(size) : "statistic", trainable ? regularized : "-"]);
  }
  rows.push(["total", "", count(total), ""]);
  const widths = [0, 1, 2, 3].map((i) => Math.max(...rows.map((row) => row[i].length)));
  const line = (row: readonly string[]): string =>
    row.map((text, i) => (i === 2 ? text.padStart(widths[i]) : text.padEnd(widths[i]))).join("  ").trimEnd();
  return rows.map(line).join("\n");
}
