import { crc32 } from "node:zlib";
import { checkParts, formatChecks } from "../bench/movielens/checks.ts";
import { fillTimes, readRatings } from "../bench/movielens/ratings.ts";
import { divide, movielensData, movielensRows } from "../bench/movielens/rows.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { gzip } from "./data/files.ts";
import { inFolder } from "./folder.ts";

const MOVIES = "1::Café (1995)::Drama|War\n2::Two (2) (1999)::Comedy\n3::Three (2000)::War\n";
const USERS = "1::F::25::4::00000\n2::M::1::10::00000\n3::M::56::0::00000\n";

// User 2 has no time: its ratings are left out. One of user 1 and two of user 3 are interpolated.
const RATINGS = [
  "user_id,movie_id,rating,position,timestamp",
  ...["1,1,5,1,100", "1,2,3,2,100", "1,3,4,4,", "1,1,2,9,120"],
  ...["2,1,5,1,", "2,2,5,2,"],
  ...["3,3,4,1,", "3,2,5,2,90", "3,1,5,3,105", "3,3,4,7,"],
].join("\n");

async function write(folder: string, ratings = RATINGS): Promise<void> {
  const latin = Uint8Array.from(MOVIES, (character) => character.charCodeAt(0));
  const movies = new Blob([latin]).stream().pipeThrough(new CompressionStream("gzip"));
  await Deno.writeFile(`${folder}/movies.dat.gz`, movies);
  await Deno.writeFile(`${folder}/users.dat.gz`, await gzip(USERS));
  await Deno.writeFile(`${folder}/ratings_ordered.csv.gz`, await gzip(ratings));
}

Deno.test("times are interpolated by position, rounded down, and taken from the only neighbor at the ends", () => {
  const line = (position: number, time = NaN) => ({ position, time });
  assertEquals(fillTimes([line(1), line(2, 10), line(3), line(5), line(9, 21), line(10)]), [10, 10, 11, 14, 21, 21]);
  assertEquals(fillTimes([line(4), line(5)]), undefined);
});

Deno.test("ratings are ordered by time, and histories hold what was liked at smaller times", () =>
  inFolder(async (folder) => {
    await write(folder);
    const ratings = await readRatings(folder);
    assertEquals(
      ratings.map(({ user, item, time }) => [user, item, time]),
      [[3, 3, 90], [3, 2, 90], [1, 1, 100], [1, 2, 100], [1, 3, 105], [3, 1, 105], [3, 3, 105], [1, 1, 120]],
    );
    assertEquals(ratings[2], {
      ...{ user: 1, gender: "F", age: 25, occupation: 4 },
      ...{ item: 1, genre: "Drama", decade: 1990, rating: 5, time: 100 },
    });
    const { training, validation, test } = await movielensRows(folder, 5);
    const shown = [training, validation, test].map((part) =>
      [...part].map(({ item, history, history_genre }) => [item, history.join(), history_genre.join()])
    );
    assertEquals(shown, [
      [[2, "", ""], [3, "1", "Drama"], [1, "3,2", "War,Comedy"], [3, "3,2", "War,Comedy"]],
      [],
      [[1, "1,3", "Drama,War"]],
    ]);
  }));

Deno.test("checks are those of the codes in ascending order, 1 for what training lacks, padding in front", () =>
  inFolder(async (folder) => {
    await write(folder);
    const checks = checkParts(divide(await readRatings(folder), 8));
    // Training: users 1 and 3; items 1 to 3; genres Comedy, Drama, War; decades 1990 and 2000.
    const last = [2, 2, 2, 3, 2, 3, 2, ...Array(48).fill(0), 2, 4, ...Array(48).fill(0), 3, 4];
    assertEquals(checks.test, {
      ...{ rows: 1, positives: 0, labels: crc32(Uint8Array.of(0)).toString(16).padStart(8, "0") },
      fields: crc32(new Uint8Array(Uint32Array.from(last.slice(0, 7)).buffer)).toString(16).padStart(8, "0"),
      all: crc32(new Uint8Array(Uint32Array.from(last).buffer)).toString(16).padStart(8, "0"),
    });
    assertEquals(formatChecks(checks).split("\n").map((line) => line.slice(0, 24)), [
      "training          6 rows",
      "validation        1 rows",
      "test              1 rows",
    ]);
  }));

Deno.test("data sets have the vocabularies of the training part, and lists for the histories", () =>
  inFolder(async (folder) => {
    await write(folder);
    const { training, validation, test } = await movielensData(folder, 8);
    assertEquals([training.rows, validation.rows, test.rows], [6, 1, 1]);
    assertEquals([training.positives, validation.positives, test.positives], [5, 1, 0]);
    assertEquals(training.histories.map(({ offsets }) => [...offsets]), [[0, 0, 0, 0, 0, 1, 3]]);
    const { fields } = training.schema;
    const textOf = (id: number) => {
      const { vocabulary, offset } = fields.findLast((field) => field.offset <= id)!;
      return vocabulary![id - offset - 1];
    };
    assertEquals([...test.histories[0].ids].map(textOf), ["1", "Drama", "3", "War"]);
  }));

Deno.test("ratings out of order and malformed lines are refused", () =>
  inFolder(async (folder) => {
    await write(folder, `${RATINGS}\n3,1,5,2,100`);
    await assertRejects(() => readRatings(folder), SyntaxError, "line 12: expected a line of MovieLens-1M in order");
    await write(folder, `${RATINGS}\n3,1,five,8,100`);
    await assertRejects(() => readRatings(folder), SyntaxError, "line 12");
  }));
