/**
 * Trains models of two tasks on MovieLens-1M, beside networks of one task each: what the tasks gain or lose by sharing.
 *
 *     deno run -A bench/tasks.ts --data DIR [--seeds 1,2] [--models mmoe,ple] [--write]
 *
 * Each model is trained twice: with all labels, and with one in fifty of `loved` known; behind some names are the weights
 * of the tasks. `bench/movielens` says what DIR holds. --write keeps the table as bench/results/tasks.md.
 *
 * @module
 */
import {
  adam,
  aitm,
  Dataset,
  type Definition,
  dnn,
  esmm,
  FittedSchema,
  mmoe,
  Model,
  pepnet,
  ple,
  sharedBottom,
  type TaskWeights,
} from "../mod.ts";
import { parseArgs } from "../src/std.ts";
import { movielensTasks, TASKS } from "./movielens/tasks.ts";

const SIZES = { dim: 16, hidden: [128], tower: [64] };
const EXPERTS = { ...SIZES, experts: 4 };

interface Candidate {
  readonly definition: Definition;
  readonly taskWeights?: TaskWeights;
}

const CANDIDATES: Readonly<Record<string, Candidate>> = {
  shared_bottom: { definition: sharedBottom(SIZES) },
  mmoe: { definition: mmoe(EXPERTS) },
  "mmoe (loved 0.1)": { definition: mmoe(EXPERTS), taskWeights: { loved: 0.1 } },
  "mmoe (uncertainty)": { definition: mmoe(EXPERTS), taskWeights: "uncertainty" },
  ple: { definition: ple({ ...EXPERTS, experts: 2 }) },
  esmm: { definition: esmm({ dim: 16, hidden: [128, 64] }) },
  aitm: { definition: aitm({ dim: 16, hidden: [128, 64] }) },
  pepnet: { definition: pepnet({ dim: 16, hidden: [128, 64], domain: ["genre"], prior: ["user", "item"] }) },
};

/** Name of the line of networks of one task each. */
const ALONE = "one network a task";

type Parts = readonly [Dataset, Dataset, Dataset];

/** Test AUC and log loss of each task. */
type Scores = Record<string, { auc: number; logloss: number }>;

/** Forgets the labels of `loved` in all training rows but one of fifty. */
function withFewLoved([training, ...others]: Parts): Parts {
  const labels = training.labels.slice();
  for (let row = 0; row < training.rows; row++) if (row % 50 > 0) labels[training.rows + row] = -1;
  const { schema, rows, ids, values } = training;
  return [new Dataset({ schema, rows, ids, values, labels, labeled: true }), ...others];
}

/** Returns the rows whose label of one task is known, as a data set of that label alone. */
function oneTask(data: Dataset, task: number): Dataset {
  const all = data.labelsOf(task);
  const known = data.select(Uint32Array.from(all.keys()).filter((row) => all[row] >= 0));
  const { missing, fields } = data.schema;
  const schema = new FittedSchema({ declared: { label: TASKS[task] }, missing, fields });
  const { rows, ids, values } = known;
  return new Dataset({ schema, rows, ids, values, labels: known.labelsOf(task), labeled: true });
}

async function train({ definition, taskWeights }: Candidate, parts: Parts, seed: number): Promise<Model> {
  const [training, validation] = parts;
  const model = await Model.create(definition, training.schema, { seed });
  await model.fit(training, {
    ...{ validation, taskWeights, epochs: 20, batchSize: 4096 },
    optimizer: adam({ lr: 1e-3 }),
    l2: { embedding: 1e-5 },
    earlyStopping: { monitor: "auc", patience: 2 },
  });
  return model;
}

async function scoreTasks(candidate: Candidate, parts: Parts, seed: number): Promise<Scores> {
  await using model = await train(candidate, parts, seed);
  return (await model.evaluate(parts[2])).tasks! as Scores;
}

async function scoreAlone(parts: Parts, seed: number): Promise<Scores> {
  const scores: Scores = {};
  for (const [task, name] of TASKS.entries()) {
    const own = parts.map((part) => oneTask(part, task)) as unknown as Parts;
    await using model = await train({ definition: dnn({ dim: 16, hidden: [128, 64] }) }, own, seed);
    scores[name] = await model.evaluate(own[2]);
  }
  return scores;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function cells(runs: readonly Scores[]): string {
  return TASKS.map((task) => {
    const [auc, logloss] = (["auc", "logloss"] as const).map((metric) => mean(runs.map((run) => run[task][metric])));
    return `${auc.toFixed(4)} | ${logloss.toFixed(4)}`;
  }).join(" | ");
}

async function measure(score: (parts: Parts, seed: number) => Promise<Scores>, parts: Parts, seeds: readonly number[]) {
  const runs: Scores[] = [];
  for (const seed of seeds) runs.push(await score(parts, seed));
  return cells(runs);
}

if (import.meta.main) {
  const options = parseArgs(Deno.args, { string: ["data", "seeds", "models"], boolean: ["write"] });
  if (!options.data) throw new TypeError("Cannot train: --data must name the folder of MovieLens-1M, received none");
  const seeds = (options.seeds ?? "1,2").split(",").map(Number);
  const known = [ALONE, ...Object.keys(CANDIDATES)];
  const wanted: string[] = options.models?.split(",") ?? known;
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown) throw new RangeError(`Cannot train: models are ${known.join(", ")}, received "${unknown}"`);
  const { training, validation, test } = await movielensTasks(options.data);
  const whole: Parts = [training, validation, test];
  const cases: [string, Parts][] = [["All labels are known", whole], ["One in fifty of loved", withFewLoved(whole)]];
  const head = "| model | liked, AUC | log loss | loved, AUC | log loss |\n| --- | ---: | ---: | ---: | ---: |";
  const sections: string[] = [];
  for (const [title, parts] of cases) {
    const lines = [`## ${title}`, "", head];
    console.log(`\n${lines.join("\n")}`);
    for (const name of wanted) {
      const score = name === ALONE
        ? scoreAlone
        : (these: Parts, seed: number) => scoreTasks(CANDIDATES[name], these, seed);
      lines.push(`| ${name} | ${await measure(score, parts, seeds)} |`);
      console.log(lines.at(-1));
    }
    sections.push(lines.join("\n"));
  }
  const about =
    `MovieLens-1M, the last 400,000 ratings: liked is a rating of 4 or more, loved one of 5. ${
      seeds.length > 1 ? "Means of seeds" : "Seed"
    } ` +
    `${seeds.join(", ")}; the best epoch by validation AUC, at most 20.`;
  if (options.write) {
    const page = `# Two tasks\n\n${about}\n\n${sections.join("\n\n")}\n`;
    await Deno.writeTextFile(new URL("results/tasks.md", import.meta.url), page);
  }
  Deno.exit(0);
}
