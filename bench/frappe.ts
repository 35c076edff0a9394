/**
 * Trains the five basic models on Frappe: the leaderboard's command with these five when none is named.
 *
 *     deno run -A bench/frappe.ts --data DIR [--models lr,fm] [--seed 2021] [--epochs 100] [--force]
 *
 * @module
 */
import { runFrappe } from "./frappe/command.ts";

if (import.meta.main) {
  await runFrappe(Deno.args, ["lr", "fm", "dnn", "wide_deep", "deepfm"]);
  Deno.exit(0);
}
