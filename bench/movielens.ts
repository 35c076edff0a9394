/**
 * Builds the rows of MovieLens-1M with histories and checks them: numbers of rows and positives, and checksums.
 *
 *     deno run -A bench/movielens.ts --data DIR
 *
 * @module
 */
import { parseArgs } from "../src/std.ts";
import { checkParts, formatChecks, type PartChecks } from "./movielens/checks.ts";
import { readRatings } from "./movielens/ratings.ts";
import { divide, type MovielensParts } from "./movielens/rows.ts";

type Expected = MovielensParts<Pick<PartChecks, "rows" | "positives" | "all"> & Partial<PartChecks>>;

/** The last rows, and all. */
const EXPECTED: readonly Expected[] = [
  {
    training: { rows: 320_000, positives: 182_295, labels: "923b4bd5", fields: "6a4cc4d0", all: "64d4737e" },
    validation: { rows: 40_000, positives: 21_621, labels: "b23a5898", fields: "3357d514", all: "98af9207" },
    test: { rows: 40_000, positives: 21_302, labels: "9b3188cb", fields: "0735b466", all: "f110775c" },
  },
  {
    training: { rows: 723_672, positives: 421_083, all: "49d16d3b" },
    validation: { rows: 90_459, positives: 49_887, all: "5a2897a5" },
    test: { rows: 90_460, positives: 48_340, all: "444a695a" },
  },
];

/**
 * Prints the checks of the last rows and of all.
 *
 * @throws {RangeError} when a check differs
 */
async function check(folder: string): Promise<void> {
  const ratings = await readRatings(folder);
  for (const expected of EXPECTED) {
    const rows = expected.training.rows + expected.validation.rows + expected.test.rows;
    const received = checkParts(divide(ratings, rows));
    console.log(`last ${rows} of ${ratings.length} ratings\n${formatChecks(received)}\n`);
    for (const part of ["training", "validation", "test"] as const) {
      for (const [name, value] of Object.entries(expected[part])) {
        const found = received[part][name as keyof PartChecks];
        if (found === value) continue;
        throw new RangeError(`Cannot use the data: ${name} of ${part} must be ${value}, received ${found}`);
      }
    }
  }
  console.log("all checks are as expected");
}

if (import.meta.main) {
  const { data } = parseArgs(Deno.args, { string: ["data"] });
  if (!data) throw new RangeError("Cannot run: name the folder of the data with --data");
  await check(data);
}
