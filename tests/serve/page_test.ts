import { main } from "../../src/cli.ts";
import { assert, assertEquals } from "@std/assert";

const page = Deno.readTextFileSync(new URL("../../src/serve/README.md", import.meta.url));

const helpOf = async (command: string) => {
  let help = "";
  await main([command, "--help"], { out: (text) => void (help += text), err: () => {} });
  return help;
};

Deno.test("each option on the page about serving is one of serve, or of the command that it is given to", async () => {
  const others = /task (?!serve)([a-z-]+) (.*)/g;
  for (const [line, command] of page.matchAll(others)) {
    const help = await helpOf(command);
    for (const [option] of line.matchAll(/--[a-z][a-z-]+/g)) assert(help.includes(`  ${option} `), line);
  }
  // What is said of commands beside serve names their options, too.
  const beside = [await helpOf("join-labels"), await helpOf("quantize")];
  const help = [await helpOf("serve"), ...beside].join("\n");
  const text = page.replaceAll(others, "");
  const options = [...new Set([...text.matchAll(/--[a-z][a-z-]+/g)].map(([option]) => option))];
  assert(options.length >= 12, options.join());
  assertEquals(options.filter((option) => !help.includes(`  ${option} `)), []);
});

Deno.test("each example of JSON on the page about serving is JSON", () => {
  const examples = [...page.matchAll(/```json\n([^]*?)```/g)].map(([, json]) => JSON.parse(json));
  assertEquals(examples.length, 3);
});
