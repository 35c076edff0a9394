import { asha } from "../../src/search/pruner.ts";
import type { Direction } from "../../src/search/records.ts";
import type { TrialRecord } from "../../src/search/study.ts";
import { tune } from "../../src/search/tune.ts";
import { assertEquals, assertThrows } from "@std/assert";

/** A trial with values of its epochs, from 1. */
function trial(number: number, values: readonly number[]): TrialRecord {
  const reports = new Map(values.map((value, i) => [i + 1, value]));
  return { number, state: "COMPLETE", params: {}, reports };
}

const decide = (
  others: readonly (readonly number[])[],
  values: readonly number[],
  direction: Direction = "maximize",
): boolean => {
  const current = trial(others.length, values);
  const trials = [...others.map((other, number) => trial(number, other)), current];
  return asha({ reductionFactor: 2 }).shouldStop({ direction, trials }, current, values.length);
};

Deno.test("asha lets the best of a rung pass, as worked out by hand for a factor of 2", () => {
  // Rungs are at epochs 1, 2 and 4.
  assertEquals(decide([], [0.1]), false);
  // The better one of two passes, a worse one does not, an equal one does.
  assertEquals(decide([[0.5]], [0.4]), true);
  assertEquals(decide([[0.5]], [0.6]), false);
  assertEquals(decide([[0.5]], [0.5]), false);
  // Of four, two pass.
  assertEquals(decide([[0.5], [0.7], [0.3]], [0.6]), false);
  assertEquals(decide([[0.5], [0.7], [0.6]], [0.4]), true);
  // The rung at epoch 2 compares values of epoch 2, of those that came there.
  assertEquals(decide([[0.9, 0.5], [0.9]], [0.1, 0.6]), false);
  assertEquals(decide([[0.1, 0.7], [0.1]], [0.9, 0.6]), true);
  // Epoch 3 is no rung.
  assertEquals(decide([[0.9, 0.9, 0.9]], [0.1, 0.1, 0.1]), false);
  assertEquals(decide([[0.9, 0.9, 0.9, 0.9]], [0.1, 0.1, 0.1, 0.1]), true);
  assertEquals(decide([[0.5], [0.7], [0.3]], [0.4], "minimize"), false);
  assertEquals(decide([[0.3]], [0.4], "minimize"), true);
});

Deno.test("asha takes the first report behind a rung where there is none at it", () => {
  const sparse = (number: number, reports: [number, number][]): TrialRecord => ({
    ...trial(number, []),
    reports: new Map(reports),
  });
  const pruner = asha({ reductionFactor: 4, minEpochs: 2 });
  const first = sparse(0, [[3, 0.5], [9, 0.8]]);
  const stops = (reports: [number, number][]) => {
    const second = sparse(1, reports);
    return pruner.shouldStop({ direction: "maximize", trials: [first, second] }, second, reports.at(-1)![0]);
  };
  assertEquals(stops([[1, 0]]), false);
  assertEquals(stops([[1, 0], [2, 0.4]]), true);
  assertEquals(stops([[1, 0], [2, 0.6]]), false);
  assertEquals(stops([[2, 0.6], [7, 0.1]]), false);
  assertEquals(stops([[2, 0.6], [8, 0.7]]), true);
  assertEquals(stops([[2, 0.6], [8, 0.9]]), false);
});

interface AshaSearch {
  direction: Direction;
  reductionFactor: number;
  minEpochs: number;
  trials: { values: number[]; stoppedAt: number | null }[];
}

Deno.test("asha decides as Optuna does", async () => {
  const { searches } = JSON.parse(await Deno.readTextFile(new URL("../golden/asha.json", import.meta.url)));
  for (const { direction, reductionFactor, minEpochs, trials } of searches as AshaSearch[]) {
    const result = await tune({
      space: { x: { uniform: [0, 1] } },
      direction,
      pruner: asha({ reductionFactor, minEpochs }),
      trials: trials.length,
      objective: (trial) => {
        const { values } = trials[trial.number];
        for (const [i, value] of values.entries()) {
          trial.report(i + 1, value);
          if (trial.shouldStop) break;
        }
        return values.at(-1)!;
      },
    });
    const stopped = result.trials.map(({ state, reports }) => state === "PRUNED" ? reports.size : null);
    assertEquals(stopped, trials.map(({ stoppedAt }) => stoppedAt));
    assertEquals(result.trials.map(({ value }) => value), trials.map(({ values }) => values.at(-1)));
  }
});

Deno.test("asha refuses options that make no rungs", () => {
  assertEquals(
    assertThrows(() => asha({ reductionFactor: 1 }), RangeError).message,
    "Cannot make asha: reductionFactor must be an integer from 2, received 1",
  );
  assertEquals(
    assertThrows(() => asha({ minEpochs: 0 }), RangeError).message,
    "Cannot make asha: minEpochs must be an integer from 1, received 0",
  );
});
