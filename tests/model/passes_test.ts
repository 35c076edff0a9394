import { overlap } from "../../src/model/overlap.ts";
import { type Pass, Passes } from "../../src/model/passes.ts";
import { assertEquals, assertRejects } from "@std/assert";

/** Makes passes and notes which of them live. */
function factory() {
  const live = new Set<string>();
  let made = 0;
  const create = (name: string) => (): Promise<Pass> => {
    made++;
    live.add(name);
    return Promise.resolve({ destroy: () => void live.delete(name) });
  };
  return { live, create, made: () => made };
}

const nothing = (): Promise<void> => Promise.resolve();

Deno.test("Passes keeps the few that were used last and releases the others", async () => {
  const [passes, { live, create, made }] = [new Passes(), factory()];
  for (const name of ["a", "b", "c", "d", "a", "e", "f"]) await passes.use(name, create(name), nothing);
  await nothing();
  assertEquals([...live].sort(), ["a", "d", "e", "f"]);
  assertEquals([made(), passes.size], [6, 4]);
  await passes.destroy();
  assertEquals([live.size, passes.size], [0, 0]);
});

Deno.test("Passes makes one pass for calls at the same time and releases none that is in use", async () => {
  const [passes, { live, create, made }] = [new Passes(), factory()];
  const stop = Promise.withResolvers<void>();
  const names = ["a", "b", "c", "d", "e", "a", "b", "c"];
  const calls = names.map((name) => passes.use(name, create(name), () => stop.promise));
  // Eight calls are under way: the ninth waits, whatever pass it needs.
  let began = false;
  calls.push(passes.use("f", create("f"), () => Promise.resolve(void (began = true))));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals([[...live].sort().join(), made(), began], ["a,b,c,d,e", 5, false]);
  stop.resolve();
  await Promise.all(calls);
  await nothing();
  assertEquals([began, live.size], [true, 4]);
});

Deno.test("Passes forgets a pass that could not be made, and hands the place of a failed call on", async () => {
  const [passes, { create }] = [new Passes(), factory()];
  const fail = (): Promise<Pass> => Promise.reject(new Error("no room"));
  for (let i = 0; i < 20; i++) await assertRejects(() => passes.use("a", fail, nothing), Error, "no room");
  assertEquals(passes.size, 0);
  for (let i = 0; i < 20; i++) {
    await assertRejects(() => passes.use("a", create("a"), () => Promise.reject(new Error("call"))), Error, "call");
  }
  assertEquals(passes.size, 1);
});

Deno.test("overlap submits a piece before it waits for the one before", async () => {
  const log: string[] = [];
  await overlap(10, 4, async (start, end) => {
    log.push(`submit ${start} ${end}`);
    await new Promise((resolve) => setTimeout(resolve, 0));
    log.push(`back ${start}`);
  });
  assertEquals(log.join(", "), "submit 0 4, submit 4 8, back 0, submit 8 10, back 4, back 8");
});

Deno.test("overlap rejects with the first failure, once no piece is under way", async () => {
  const open = new Set<number>();
  const work = async (start: number): Promise<void> => {
    open.add(start);
    await new Promise((resolve) => setTimeout(resolve, 0));
    open.delete(start);
    throw new Error(`piece ${start}`);
  };
  await assertRejects(() => overlap(10, 4, work), Error, "piece 0");
  assertEquals(open.size, 0);
});
