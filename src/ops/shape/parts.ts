/**
 * Matrices side by side and apart; on GPUs several parts a dispatch, for a dispatch costs more than the copy of a part.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/shape/parts.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { lanesOf } from "./lane.ts";

/** Parts of a dispatch at most: with the matrix they stay below the buffers that any device binds. */
const MOST = 4;

/** Columns of a matrix, as a tensor of their own. */
export interface Part {
  readonly tensor: Tensor;
  /** First column in the matrix. */
  readonly from: number;
  readonly width: number;
}

/** Rows and columns of the matrix that has the parts. */
export interface WholeSizes {
  readonly rows: number;
  readonly width: number;
}

/** Returns parts whose columns follow each other. */
export function partsOf(tensors: readonly Tensor[], widths: readonly number[]): Part[] {
  let from = 0;
  return tensors.map((tensor, i) => {
    const part = { tensor, from, width: widths[i] };
    from += widths[i];
    return part;
  });
}

/** A matrix and parts of it, one of which is copied to the other. */
export interface Columns {
  readonly parts: readonly Part[];
  readonly whole: Tensor;
  readonly sizes: WholeSizes;
}

/** Sizes that the choice of a kernel depends on. */
export interface ColumnsProblem extends Problem {
  readonly rows: number;
  readonly width: number;
  readonly parts: number;
}

/** Returns the numbers of the matrix. */
export function columnsSize({ rows, width }: ColumnsProblem): number {
  return rows * width;
}

function columnsKernel(name: string, emit: (k: Emitter, task: Columns) => void): Kernel<Columns, ColumnsProblem> {
  return {
    name,
    problem: (_, { parts, sizes: { rows, width } }) => ({ rows, width, parts: parts.length }),
    variants: [gpuVariant("gpu", columnsSize, emit)],
  };
}

/** Copies of all parts into the matrix. */
export const joinKernel: Kernel<Columns, ColumnsProblem> = columnsKernel("join", (k, { parts, whole: y, sizes }) => {
  for (const run of runsOf(parts)) {
    // Buffers that are only read may be bound again in place of parts that are not there.
    const [x0, x1 = x0, x2 = x0, x3 = x0] = run.map(({ tensor }) => tensor);
    emitMove(k, "join", { x0, x1, x2, x3, y }, run, sizes);
  }
});

/** Copies of all parts out of the matrix. */
export const apartKernel: Kernel<Columns, ColumnsProblem> = columnsKernel("apart", (k, { parts, whole: x, sizes }) => {
  for (const run of runsOf(parts)) {
    const bind = Object.fromEntries(run.map(({ tensor }, i) => [`y${i}`, tensor]));
    emitMove(k, `apart${run.length}`, { x, ...bind }, run, sizes);
  }
});

/** Appends copies of all parts into the matrix y. */
export function emitJoin(k: Emitter, parts: readonly Part[], y: Tensor, sizes: WholeSizes): void {
  emitKernel(k, joinKernel, { parts, whole: y, sizes });
}

/** Appends copies out of the matrix x of those parts that somebody reads. */
export function emitApart(k: Emitter, x: Tensor, parts: readonly Part[], sizes: WholeSizes): void {
  emitKernel(k, apartKernel, { parts: parts.filter(({ tensor }) => k.needed(tensor)), whole: x, sizes });
}

/** Groups parts that follow each other, as many as a dispatch takes. */
function runsOf(parts: readonly Part[]): Part[][] {
  const runs: Part[][] = [];
  for (const part of parts) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (run && run.length < MOST && last!.from + last!.width === part.from) run.push(part);
    else runs.push([part]);
  }
  return runs;
}

function emitMove(k: Emitter, entry: string, bind: Record<string, Tensor>, run: readonly Part[], sizes: WholeSizes) {
  const first = run[0].from;
  const all = [sizes.width, ...run.flatMap(({ from, width }) => [from, width])];
  const odd = all.reduce((bits, size) => bits | size, 0);
  const { width: lane, part } = lanesOf(odd & -odd);
  const ends = run.map(({ from, width }) => (from + width - first) / lane);
  const last = ends[ends.length - 1];
  const [end0, end1 = last, end2 = last, end3 = last] = ends;
  k.run({
    shader: shader("parts", { grid, ...part, parts: source }),
    entry,
    bind,
    params: { rows: sizes.rows, width: sizes.width / lane, first: first / lane, end0, end1, end2, end3 },
    grid: Math.ceil(sizes.rows * last / 256),
  });
}
