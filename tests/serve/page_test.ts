import { main } from "../../src/cli.ts";
import { assert, assertEquals } from "@std/assert";

const page = Deno.readTextFileSync(new URL("../../src/serve/README.md", import.meta.url));

Deno.test("each option on the page about serving is one of serve", async () => {
  let help = "";
  await main(["serve", "--help"], { out: (text) => void (help += text), err: () => {} });
  const options = [...new Set([...page.matchAll(/--[a-z][a-z-]+/g)].map(([option]) => option))];
  assert(options.length >= 12, options.join());
  assertEquals(options.filter((option) => !help.includes(`  ${option} `)), []);
});

Deno.test("each example of JSON on the page about serving is JSON", () => {
  const examples = [...page.matchAll(/```json\n([^]*?)```/g)].map(([, json]) => JSON.parse(json));
  assertEquals(examples.length, 2);
});
