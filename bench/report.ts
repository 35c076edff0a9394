/**
 * What benches report, and the tables that are printed.
 *
 * @module
 */

/** A measurement as all benches report it. */
export interface BenchRow {
  /** What was measured. */
  readonly name: string;
  /** Sizes. */
  readonly shape: string;
  /** Median time in ms. */
  readonly ms: number;
  /** Quickest and slowest repeat in ms. */
  readonly spread?: readonly [number, number];
  /** Arithmetic rate in 1e9 operations/s. */
  readonly gflops?: number;
  /** Bytes that have to be moved over the time, in 1e9 bytes/s. */
  readonly gbps?: number;
  /** Share of what the device reaches at best, measured in the same run: copy bandwidth or multiply-add rate. */
  readonly ceiling?: number;
  /** What a reader must know beside the number. */
  readonly note?: string;
}

/** What a device reaches at best. */
export interface Ceilings {
  /** Copy bandwidth: 1e9 bytes read and written per second. */
  readonly gbps: number;
  /** Multiply-adds in registers: 1e9 operations per second, two for each. */
  readonly gflops: number;
}

/** Sets each row's share of the ceiling that it comes closer to, of the bandwidth or of the multiply-add rate. */
export function withCeilings(rows: readonly BenchRow[], { gbps, gflops }: Ceilings): BenchRow[] {
  return rows.map((row) => {
    if (row.gbps === undefined && row.gflops === undefined) return row;
    return { ...row, ceiling: Math.max((row.gbps ?? 0) / gbps, (row.gflops ?? 0) / gflops) };
  });
}

const HEADER = ["name", "shape", "ms", "range", "GFLOP/s", "GB/s", "of ceiling", "note"];

/** Writes rows as an aligned table in Markdown. */
export function formatRows(rows: readonly BenchRow[]): string {
  const cells = rows.map((row) => [
    row.name,
    row.shape,
    formatMs(row.ms),
    row.spread ? row.spread.map(formatMs).join(" - ") : "",
    row.gflops?.toFixed(1) ?? "",
    row.gbps?.toFixed(1) ?? "",
    row.ceiling === undefined ? "" : `${(100 * row.ceiling).toFixed(row.ceiling < 0.1 ? 1 : 0)} %`,
    row.note ?? "",
  ]);
  return formatTable(HEADER, cells, [2, 4, 5, 6]);
}

/** Writes cells as an aligned table in Markdown; the columns `right` are set to the right. */
export function formatTable(
  header: readonly string[],
  cells: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const widths = header.map((title, i) => Math.max(3, title.length, ...cells.map((row) => row[i].length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => (right.includes(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join(" | ")} |`;
  const rule = widths.map((width, i) => "-".repeat(width - 1) + (right.includes(i) ? ":" : "-"));
  return [line(header), `| ${rule.join(" | ")} |`, ...cells.map(line)].join("\n");
}

/** Writes milliseconds with about three digits. */
export function formatMs(ms: number): string {
  if (ms >= 100) return ms.toFixed(0);
  return ms >= 10 ? ms.toFixed(1) : ms >= 1 ? ms.toFixed(2) : ms.toFixed(4);
}

/** Turns an adapter's description into a file name, for example `llvmpipe-llvm-15-0-6-256-bits`. */
export function slugOf(description: string): string {
  return description.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "unnamed";
}
