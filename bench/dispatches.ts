/**
 * Counts the dispatches of each model's training step on a GPU, and the longest chain of them that wait for one another.
 *
 *     deno run -A bench/dispatches.ts [--write]
 *
 * Nothing runs: a plan is made for a device on paper. --write keeps the table as bench/results/dispatches.md.
 *
 * @module
 */
import { models } from "../models/mod.ts";
import { parseArgs } from "../src/std.ts";
import { CRITEO, describeModel } from "../tests/training_plan.ts";

if (import.meta.main) {
  const { write } = parseArgs(Deno.args, { boolean: ["write"] });
  const rows = await Promise.all(
    Object.keys(models).map(async (slug) => {
      const { dispatches, longestChain } = await describeModel(slug);
      return `| \`${slug}\` | ${dispatches} | ${longestChain} |`;
    }),
  );
  const page = `# Dispatches of a training step

On a GPU, lazy Adam: ${CRITEO.fields} fields, width 16, batch ${CRITEO.batch}, a deep network of 400-400-400 where a model
has one, its own options otherwise.
The chain is the longest one of dispatches that wait for one another.

| model | dispatches | chain |
| ----- | ---------: | ----: |
${rows.join("\n")}
`;
  console.log(page);
  if (write) await Deno.writeTextFile(new URL("results/dispatches.md", import.meta.url), page);
  Deno.exit(0);
}
