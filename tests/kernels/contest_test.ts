import type { Command } from "../../src/graph/emission.ts";
import { Contest } from "../../src/kernels/contest.ts";
import { assertEquals } from "@std/assert";

/** Stands for the commands of a variant. */
function copyOf(name: string): Command[] {
  return [{ texels: name.length, from: { buffer: {} as GPUBuffer }, to: {} as GPUTexture }];
}

/** Lets rivals of a default, which takes 100 ms in each pass, have their times and settles who wins. */
function winnerOf(rivals: Record<string, number[]>, most = 0.97): string {
  const contest = new Contest("sum size=1", "default", ["a", "default", ...Object.keys(rivals)]);
  contest.begin();
  for (const times of Object.values(rivals).slice(0, 1)) for (const _ of times) contest.add("default", 100, []);
  for (const [name, times] of Object.entries(rivals)) for (const ms of times) contest.add(name, ms, copyOf(name));
  contest.settle(most);
  return contest.winner;
}

Deno.test("the fastest rival wins, if it is clearly faster than the default", () => {
  assertEquals(winnerOf({ slow: [120, 120, 120, 120, 120] }), "default");
  assertEquals(winnerOf({ fast: [90, 90, 90, 90, 90], faster: [80, 80, 80, 80, 80] }), "faster");
  assertEquals(winnerOf({ close: [98, 98, 98, 98, 98] }), "default");
  assertEquals(winnerOf({ close: [98, 98, 98, 98, 98] }, 1), "close");
});

Deno.test("a rival must be faster in most passes, and one slow pass does not count", () => {
  assertEquals(winnerOf({ steady: [90, 90, 300, 90, 90] }), "steady");
  assertEquals(winnerOf({ erratic: [50, 101, 50, 101, 50] }), "default");
});

Deno.test("a pass in which everything takes longer changes nothing", () => {
  const contest = new Contest("sum size=1", "default", ["default", "fast"]);
  contest.begin();
  for (const load of [1, 1, 3, 2, 1]) {
    contest.add("default", 100 * load, []);
    contest.add("fast", 90 * load, copyOf("fast"));
  }
  contest.settle(0.97);
  assertEquals([contest.winner, contest.ms], ["fast", { default: 100, fast: 90 }]);
});

Deno.test("rivals that are far slower, that run the same commands or were never timed do not win", () => {
  const contest = new Contest("sum size=1", "default", ["default", "tiles", "fast", "same", "absent"]);
  contest.begin();
  contest.add("default", 100, []);
  contest.add("tiles", 301, copyOf("tiles"));
  contest.add("fast", 90, copyOf("fast"));
  contest.add("same", 50, []);
  contest.dropHopeless();
  assertEquals(contest.rivals, ["fast"]);
  contest.settle(0.97);
  assertEquals([contest.winner, contest.ms], ["fast", { default: 100, tiles: 301, fast: 90 }]);
});

Deno.test("a rival that one pass shows to be slower has another chance", () => {
  const contest = new Contest("sum size=1", "default", ["default", "disturbed", "slow"]);
  contest.begin();
  for (const [disturbed, rivals] of [[200, ["disturbed", "slow"]], [90, ["disturbed"]]] as const) {
    contest.add("default", 100, []);
    contest.add("disturbed", disturbed, copyOf("disturbed"));
    contest.add("slow", 200, copyOf("slow"));
    contest.dropHopeless();
    assertEquals(contest.rivals, rivals);
  }
});
