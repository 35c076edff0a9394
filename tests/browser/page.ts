/** The page's program: trains on the browser's own device and sends the numbers to the page's server. */
import { Gpu } from "../../mod.ts";
import { trainModels, tune, walk } from "./models.ts";

async function run(): Promise<unknown> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) return "no adapter";
  if (location.pathname === "/probe") return "adapter";
  if (location.pathname === "/walk") return await walk();
  if (location.pathname === "/tune") return await tune();
  // Default limits, for no kernel may need more, and the kernels of GPUs, which differ from those that Deno's tests run.
  const device = await adapter.requestDevice();
  try {
    return await trainModels(new Gpu(device, { kind: "gpu" }));
  } finally {
    device.destroy();
  }
}

const result = await run().catch(String);
await fetch("/result", { method: "POST", body: JSON.stringify(result) });
