/**
 * Trains published models on Frappe by the recipe of the public benchmark and keeps bench/results/frappe.md.
 *
 *     deno run -A bench/leaderboard.ts --data DIR [--models dcn,dcnv2] [--seed 2021] [--epochs N] [--force]
 *     deno run -A bench/leaderboard.ts --list
 *     deno run -A bench/leaderboard.ts --table
 *
 * The data may not be redistributed, so DIR must hold frappe.train.rebuilt.libfm.gz, frappe.validation.libfm.gz and
 * frappe.test.libfm.gz. Each model has a log beside the table and a checkpoint under .weft: what is finished is skipped
 * unless forced, what was killed or paused by --epochs goes on from its last epoch. --list prints settings and states,
 * --table writes the table anew from the logs.
 *
 * @module
 */
import { runFrappe } from "./frappe/command.ts";
import { RECIPES } from "./frappe/recipes.ts";

if (import.meta.main) {
  await runFrappe(Deno.args, Object.keys(RECIPES));
  Deno.exit(0);
}
