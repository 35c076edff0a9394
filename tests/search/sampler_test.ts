import type { Distribution, NumberDistribution } from "../../src/search/distribution.ts";
import { mass, quantile } from "../../src/search/normal.ts";
import { fitEstimate } from "../../src/search/parzen.ts";
import { grid, random, type Sampler } from "../../src/search/sampler.ts";
import { parseSpace } from "../../src/search/space.ts";
import type { StudyView, TrialRecord } from "../../src/search/study.ts";
import { tpe } from "../../src/search/tpe.ts";
import { tune } from "../../src/search/tune.ts";
import { noPruning } from "../../src/search/pruner.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "../support.ts";

const EMPTY: StudyView = { direction: "maximize", trials: [] };

const readGolden = (name: string) =>
  JSON.parse(Deno.readTextFileSync(new URL(`../golden/${name}.json`, import.meta.url)));

Deno.test("a grid has every combination of what takes part once", () => {
  const space = parseSpace({
    model: ["fm", "dcnv2"],
    layers: { int: [1, 3], when: { model: "dcnv2" } },
    dim: [8, 16],
  });
  const sampler = grid();
  assertEquals(sampler.count(space, 100), 2 + 3 * 2);
  assertEquals(sampler.count(space, 5), 5);
  const all = Array.from({ length: 8 }, (_, number) => sampler.sample({ space, study: EMPTY, number, seed: 1 }));
  assertEquals(all[0], { model: "fm", dim: 8 });
  assertEquals(all[7], { model: "dcnv2", dim: 16, layers: 3 });
  assertEquals(new Set(all.map((params) => JSON.stringify(params))).size, 8);
  assertEquals(
    assertThrows(() => sampler.count(parseSpace({ lr: { log: [1e-4, 1] } }), 9), RangeError).message,
    "Cannot search a grid: lr must be a list of values or a range with a step, received a range",
  );
});

Deno.test("random values cover a range evenly on its scale, whatever else is in the space", () => {
  const space = parseSpace({ lr: { log: [1e-4, 1] }, n: { int: [1, 4] }, kind: ["a", "b"] });
  const draw = (declared: typeof space, number: number) =>
    random().sample({ space: declared, study: EMPTY, number, seed: 3 });
  const drawn = Array.from({ length: 4000 }, (_, number) => draw(space, number));
  const share = (test: (params: typeof drawn[number]) => boolean) => drawn.filter(test).length / drawn.length;
  assertClose([share(({ lr }) => Number(lr) < 1e-2)], [0.5], "below the middle", { atol: 0.03 });
  for (const n of [1, 2, 3, 4]) assertClose([share((params) => params.n === n)], [0.25], `n ${n}`, { atol: 0.03 });
  assertClose([share(({ kind }) => kind === "a")], [0.5], "a", { atol: 0.03 });
  assertEquals(draw(parseSpace({ n: { int: [1, 4] } }), 17).n, drawn[17].n);
});

Deno.test("the cut normal distribution is exact in its tails", () => {
  // From tables to 15 digits.
  assertClose(
    [mass(-1, 1), mass(-Infinity, -2), mass(3, Infinity), mass(5, Infinity), mass(-8, -7)],
    [
      0.682689492137086,
      0.0227501319481792,
      0.00134989803163009,
      2.86651571879194e-7,
      1.27981254388584e-12 - 6.22096057427178e-16,
    ],
    "mass",
    { rtol: 1e-14, atol: 0 },
  );
  const normal = { mean: 2, deviation: 0.5 };
  const z = quantile(normal, 0, 9, 0.25);
  assertClose([mass(-4, (z - 2) / 0.5) / mass(-4, 14)], [0.25], "share", { atol: 1e-14 });
});

interface ParzenCase {
  label: string;
  distribution: Distribution;
  observed: number[];
  values: number[];
  logDensity: number[];
}

for (const { label, distribution, observed, values, logDensity } of readGolden("parzen").cases as ParzenCase[]) {
  Deno.test(`densities are those of Optuna: ${label}, ${distribution.kind}`, () => {
    const estimate = fitEstimate(distribution, observed);
    const computed = values.map((value) => estimate.logDensity(value));
    // Optuna gives densities of numbers by their logarithm where factors count, as Weft does.
    assertClose(computed, logDensity, label, { rtol: 1e-9, atol: 1e-9 });
  });
}

Deno.test("what an estimate draws has its density", () => {
  const cases: [NumberDistribution, number[]][] = [
    [{ kind: "float", low: 0, high: 1, log: false }, [0.2, 0.25, 0.9]],
    [{ kind: "int", low: 1, high: 64, log: true, step: 1 }, [4, 5, 30]],
  ];
  for (const [distribution, observed] of cases) {
    const estimate = fitEstimate(distribution, observed);
    const [count, bins] = [200, 8];
    const drawn = Array.from(
      { length: count * count },
      (_, i) => estimate.sample((Math.floor(i / count) + 0.5) / count, (i % count + 0.5) / count),
    );
    const edge = (b: number) => distribution.kind === "int" ? 8 * b + 0.5 : b / bins;
    const shares = Array.from(
      { length: bins },
      (_, b) => drawn.filter((value) => value > edge(b) && value <= edge(b + 1)).length / drawn.length,
    );
    const expected = shares.map((_, b) => {
      if (distribution.kind === "int") {
        return Array.from({ length: 8 }, (_, i) => Math.exp(estimate.logDensity(8 * b + i + 1))).reduce((x, y) =>
          x + y
        );
      }
      const at = Array.from({ length: 200 }, (_, i) => edge(b) + (i + 0.5) / 200 / bins);
      return at.reduce((sum, x) => sum + Math.exp(estimate.logDensity(x)), 0) / 200 / bins;
    });
    assertClose(shares, expected, distribution.kind, { atol: 0.01 });
  }
});

/** A bowl with ripples, along a number whose factors count and one whose differences do; at most 0.15. */
function ripples({ x, y }: { x: number; y: number }): number {
  const [u, v] = [Math.log10(x) + 2.6, y - 0.7];
  return 0.15 * Math.cos(9 * u) * Math.cos(14 * v) - u * u - 4 * v * v;
}

async function bestOfRipples(sampler: Sampler, seed: number): Promise<number> {
  const { best } = await tune({
    space: { x: { log: [1e-4, 1] }, y: { uniform: [0, 1] } },
    objective: ({ params }) => ripples(params),
    pruner: noPruning(),
    trials: 60,
    sampler,
    seed,
  });
  return best!.value!;
}

Deno.test("tpe comes nearer to the top of a rippled bowl than random does, in the median over seeds", async () => {
  const seeds = Array.from({ length: 21 }, (_, i) => i + 1);
  const median = async (sampler: Sampler): Promise<number> => {
    const values = await Promise.all(seeds.map((seed) => bestOfRipples(sampler, seed)));
    return values.sort((a, b) => a - b)[10];
  };
  const [byTpe, byRandom] = [await median(tpe()), await median(random())];
  assert(byTpe > 0.12 && byRandom < 0.08, `tpe ${byTpe}, random ${byRandom}`);
});

Deno.test("tpe chooses conditional choices that were good", async () => {
  const { best, trials } = await tune({
    space: {
      model: ["flat", "steep", "other"],
      depth: { int: [1, 16], when: { model: "steep" } },
      width: { int: [1, 16], when: { model: ["flat", "other"] } },
    },
    objective: ({ params: { model, depth, width } }) => model === "steep" ? 10 - Math.abs(depth! - 11) : width! / 16,
    pruner: noPruning(),
    trials: 60,
    seed: 2,
  });
  assertEquals(best!.params, { model: "steep", depth: 11 });
  const late = trials.slice(40).filter(({ params }) => params.model === "steep").length;
  assert(late > 14, `${late} of the last 20 trials`);
  assert(trials.every(({ params }) => Object.hasOwn(params, "depth") === (params.model === "steep")));
});

function trialsOf(values: readonly number[], more: Partial<TrialRecord>[] = []): TrialRecord[] {
  const ended = values.map((x): Partial<TrialRecord> => ({
    state: "COMPLETE",
    params: { x },
    value: -Math.abs(x - 3),
  }));
  return [...ended, ...more].map((trial, number) => ({ reports: new Map(), ...trial, number }) as TrialRecord);
}

Deno.test("tpe keeps away from trials that run, and leaves out those that failed", () => {
  const space = parseSpace({ x: { uniform: [0, 10] } });
  const values = Array.from({ length: 20 }, (_, i) => i / 2);
  const sample = (more: Partial<TrialRecord>[], number = 20 + more.length) =>
    tpe().sample({ space, study: { direction: "maximize", trials: trialsOf(values, more) }, number, seed: 5 }).x;
  const alone = Number(sample([], 24));
  assert(Math.abs(alone - 3) < 1, `received ${alone}`);
  const running = Array.from({ length: 4 }, (): Partial<TrialRecord> => ({ state: "RUNNING", params: { x: alone } }));
  assert(sample(running) !== alone);
  assertEquals(sample(running.map((trial) => ({ ...trial, state: "FAIL" }))), alone);
});

Deno.test("the same journal and seed give the same next trial, another seed another one", () => {
  const space = parseSpace({ x: { uniform: [0, 10] }, y: { log: [1, 9] } });
  const study: StudyView = { direction: "minimize", trials: trialsOf(Array.from({ length: 15 }, (_, i) => i / 2)) };
  const sample = (seed: number) => tpe().sample({ space, study, number: 15, seed });
  assertEquals(sample(1), sample(1));
  assert(sample(1).x !== sample(2).x);
});
