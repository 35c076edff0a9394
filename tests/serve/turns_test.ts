import { assertEquals } from "@std/assert";
import { Turns } from "../../src/serve/turns.ts";

/** Returns the order in which three pieces of work and a timer come. */
async function orderOf(turns: Turns): Promise<string> {
  const order: string[] = [];
  const timer = new Promise<void>((resolve) => {
    setTimeout(() => {
      order.push("timer");
      resolve();
    });
  });
  await Promise.all([..."abc"].map(async (name) => {
    await turns.next();
    order.push(name);
  }));
  await timer;
  await new Promise((resolve) => setTimeout(resolve, 5));
  return order.join(" ");
}

Deno.test("work that uses up a turn lets others come before the next piece, in the order of the calls", async () => {
  assertEquals(await orderOf(new Turns(0)), "a timer b c");
});

Deno.test("work within the budget shares a turn", async () => {
  assertEquals(await orderOf(new Turns(Infinity)), "a b c timer");
});
