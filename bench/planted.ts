/**
 * Trains models on logs whose clicks depend on a user's history in a known way, and compares their AUC with the best one
 * that can be had.
 *
 *     deno run -A bench/planted.ts [--models din,bst] [--rules item,category,latest] [--rows 60000] [--epochs 5] [--seed 1]
 *         [--write]
 *
 * A row has a target item and up to 10 items before it, of 60, each with one of 12 categories and its age, 1 for the latest
 * item: so that models without positions see it, too. A click's probability is
 *
 * | rule | probability of a click |
 * | --- | --- |
 * | `item` | 0.8 where the target is among the items before, else 0.1 |
 * | `category` | by the number of items before that are of the target's category: 0.05, 0.4, 0.7, then 0.9 |
 * | `latest` | 0.8 where the latest item is of the target's category, else 0.1 |
 *
 * The best AUC is that of the probabilities themselves on the same rows: the first sixth, which no model is trained on.
 * --write appends each result to bench/results/planted.jsonl when it is there, and makes bench/results/planted.md of all.
 *
 * @module
 */
import { parseArgs } from "../src/std.ts";
import { bestAuc, plantedLog, type Rule, RULES } from "./planted/logs.ts";
import { MODELS, trainPlanted } from "./planted/models.ts";
import { formatResults, NEAR, parseResults, type PlantedResult } from "./planted/table.ts";

const RESULTS = new URL("results/planted.jsonl", import.meta.url);
const PAGE = new URL("results/planted.md", import.meta.url);

function requireNames(what: string, wanted: readonly string[], known: readonly string[]): void {
  const other = wanted.find((name) => !known.includes(name));
  if (other !== undefined) {
    throw new RangeError(`Cannot train: ${what} are ${known.join("; ")}, received "${other}"`);
  }
}

async function write(result: PlantedResult): Promise<void> {
  await Deno.writeTextFile(RESULTS, `${JSON.stringify(result)}\n`, { append: true });
  await Deno.writeTextFile(PAGE, formatPage(parseResults(await Deno.readTextFile(RESULTS))));
}

/** Writes a table for all results of the same rows, epochs and seed. */
function formatPage(results: readonly PlantedResult[]): string {
  const alike = Map.groupBy(results, ({ rows, epochs, seed }) => {
    return `${rows.toLocaleString("en-US")} rows, ${epochs} epochs, seed ${seed}`;
  });
  const known = Object.keys(MODELS);
  const sections = [...alike].map(([title, part]) => {
    const models = known.filter((name) => part.some(({ model }) => model === name));
    return `## ${title}\n\n${formatResults(part, models)}\n`;
  });
  return `# Planted clicks

\`npx -y deno@2.9.6 run -A bench/planted.ts --write\`: a sixth of the rows is for the test. AUC on the test rows, and its
difference from the best one that can be had. A model has found a rule when it comes within ${NEAR} of the best AUC. Seconds
are those of the model's longest training: 600,000 rows on an H200, others on two cores that other programs shared.

${sections.join("\n")}`;
}

if (import.meta.main) {
  const options = parseArgs(Deno.args, { string: ["models", "rules", "rows", "epochs", "seed"], boolean: ["write"] });
  const models: string[] = options.models?.split(",") ?? Object.keys(MODELS);
  const rules: string[] = options.rules?.split(",") ?? Object.keys(RULES);
  requireNames("models", models, Object.keys(MODELS));
  requireNames("rules", rules, Object.keys(RULES));
  const [rows, epochs, seed] = [options.rows ?? 60_000, options.epochs ?? 5, options.seed ?? 1].map(Number);
  const testRows = Math.floor(rows / 6);
  const results: PlantedResult[] = [];
  for (const model of models) {
    for (const rule of rules) {
      const log = plantedLog(rule as Rule, { rows, seed });
      const start = performance.now();
      const auc = await trainPlanted(model, log, { testRows, epochs, seed });
      const seconds = Math.round((performance.now() - start) / 1000);
      const result = { model, rule, auc, best: bestAuc(log, testRows), rows, epochs, seed, seconds };
      results.push(result);
      console.error(`${model}, ${rule}: ${auc.toFixed(4)} of ${result.best.toFixed(4)}, ${seconds} s`);
      if (options.write) await write(result);
    }
  }
  console.log(formatResults(results, models));
  Deno.exit(0);
}
