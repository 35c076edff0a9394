/** Shaders that only GPUs run, seen by the compilers of both WebGPUs: Deno's and Chrome's. */
import { models } from "../models/mod.ts";
import { requestAdapter } from "../src/adapter.ts";
import { assert, assertEquals } from "@std/assert";
import { paperGpu } from "./paper_device.ts";
import { describeModel } from "./training_plan.ts";

/** Texts of all shaders of the models' training steps on a GPU, with a model that each is of. */
const shaders = new Map<string, string>();
for (const slug of Object.keys(models)) {
  const note = ({ label, code }: GPUShaderModuleDescriptor) => void shaders.set(code, `${label} of ${slug}`);
  await describeModel(slug, paperGpu("gpu", {}, note));
}

for (const backend of ["deno", "dawn"] as const) {
  const found = await requestAdapter({ backend }).catch((error: Error) => error);
  const reason = found instanceof Error ? found.message : undefined;
  Deno.test({
    name: `the shaders of all models on a GPU are valid for ${backend}${reason ? ` (skipped: ${reason})` : ""}`,
    ignore: reason !== undefined,
    fn: async () => {
      if (found instanceof Error) throw found;
      assert(shaders.size > 200, `${shaders.size} shaders`);
      const device = await found.adapter.requestDevice();
      const faults: string[] = [];
      for (const [code, name] of shaders) {
        device.pushErrorScope("validation");
        device.createShaderModule({ code });
        const error = await device.popErrorScope();
        if (error) faults.push(`${name}: ${error.message}`);
      }
      // Dawn crashes where a device is destroyed while the process ends.
      if (backend === "deno") device.destroy();
      assertEquals(faults, []);
    },
  });
}
