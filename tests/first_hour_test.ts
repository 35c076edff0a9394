import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { inFolder } from "./folder.ts";

const ROOT = new URL("../", import.meta.url);

Deno.test({
  name: "the commands of the first hour run as they stand",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const page = await Deno.readTextFile(new URL("src/cli/README.md", ROOT));
      const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block);
      assertEquals(blocks.length, 6);
      await Deno.symlink(new URL("bench", ROOT).pathname, `${folder}/bench`);
      // What a clone's tasks run, in a folder of its own.
      const npx = `npx() { shift 3; ${JSON.stringify(Deno.execPath())} run -A ${
        JSON.stringify(new URL("src/cli.ts", ROOT).pathname)
      } "$@"; }\n`;
      const { code, stdout, stderr } = await new Deno.Command("bash", {
        args: ["-c", `set -e\n${npx}${blocks.join("")}`],
        cwd: folder,
        env: { NO_COLOR: "1" },
      }).output();
      const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      assertEquals(code, 0, err);
      assertStringIncludes(out, "says of the label");
      assertStringIncludes(out, "Saved the model to first-hour/deepfm/best.weft");
      assert(/^first-hour\/deepfm\/best\.weft +[+-]0\.00\d+ /m.test(out), out);
      assertStringIncludes(await Deno.readTextFile(`${folder}/first-hour/deepfm.html`), "<h2");
      assert((await Deno.stat(`${folder}/first-hour/runs/lr/run.json`)).isFile);
    }),
});
