/**
 * Recurrent units over full histories: verified against float64, then timed.
 *
 * @module
 */
import type { Gpu } from "../src/gpu/device.ts";
import type { Tensor } from "../src/graph/tensor.ts";
import { gatesOf, gru, type GruKind } from "../src/ops/sequence/gru.ts";
import { gru as gruReference } from "../tests/reference/gru.ts";
import { type Case, gradientOf, type Leaves, measure } from "./plan.ts";
import type { BenchRow } from "./report.ts";

const PLACES = 50;
const UNITS = [32, 64];

/** Cases of one kind of unit; `all` reads all states instead of the last ones. */
function casesOf(kind: GruKind, units: number, all: boolean): Case[] {
  const columns = gatesOf(kind) * units;
  const inputs = {
    x: ["B", PLACES, columns],
    u: [units, columns],
    c: [columns],
    lengths: ["B"],
    ...(kind !== "gru" && { a: ["B", PLACES] as const }),
  } as const;
  const build = ({ x, u, c, lengths, a }: Leaves): Tensor => {
    const { states, last } = gru({ x, u, c, lengths, a }, kind);
    return all ? states : last;
  };
  const common = { scales: { u: 1 / Math.sqrt(units) }, whole: { lengths: PLACES } };
  const shape = `L ${PLACES}, H ${units}`;
  const read = all ? PLACES * units : units;
  return [
    {
      ...common,
      name: kind,
      shape,
      inputs,
      build,
      expected: ({ x, u, c, lengths, a }) => {
        const { states, last } = gruReference({ batch: lengths.length, places: PLACES, units }, {
          x,
          u,
          c,
          lengths,
          a,
        });
        return all ? states : last;
      },
      bytes: 4 * (PLACES * columns + read),
      flops: 2 * PLACES * columns * units,
    },
    {
      ...common,
      name: `${kind} and its gradient`,
      shape,
      inputs: { ...inputs, dy: all ? ["B", PLACES, units] : ["B", units] },
      build: (leaves) => gradientOf(build(leaves), leaves.x),
      // Forward: x, and the states before each place. Backward: x, these states, and the gradient of x; states' own twice.
      bytes: 4 * (PLACES * (3 * columns + 2 * units) + 2 * read),
      // Forward, the same products again, and the gradients by states and by weights.
      flops: 8 * PLACES * columns * units,
    },
  ];
}

/** Measures the kernels; throws when one computes something else than its reference. */
export async function recurrentBench(gpu: Gpu, { quick = false }: { quick?: boolean } = {}): Promise<BenchRow[]> {
  const cases = UNITS.flatMap((units) => [...casesOf("gru", units, true), ...casesOf("augru", units, false)]);
  const rows: BenchRow[] = [];
  for (const bench of cases) rows.push(await measure(gpu, bench, quick ? 64 : 4096));
  return rows;
}
