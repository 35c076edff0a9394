/**
 * The device of a command.
 *
 * @module
 */
import { requestAdapter } from "../adapter.ts";
import { Gpu } from "../gpu/device.ts";
import type { AdapterOptions } from "../host/adapter_types.ts";
import type { OptionGroups, Options } from "./options.ts";
import type { Streams } from "./streams.ts";

/** Option of commands that use a device. */
export const GPU_OPTION = {
  gpu: {
    value: "BACKEND",
    help: "deno (default), or dawn: Chrome's WebGPU, in a package that is downloaded\nonce (about 130 MB)",
  },
} as const satisfies OptionGroups[string];

/** Reads whose WebGPU is to be used. */
export function readBackend(options: Options<"gpu">): AdapterOptions["backend"] {
  return options.choice("gpu", ["deno", "dawn"]);
}

/**
 * Opens the best adapter's device and names it on stderr.
 *
 * @throws {Error} when there is no adapter; the message names the command that installs a driver
 */
export async function openGpu(streams: Pick<Streams, "err">, backend?: AdapterOptions["backend"]): Promise<Gpu> {
  const { adapter, description } = await requestAdapter({ backend, announce: (line) => streams.err(line) });
  streams.err(`device: ${description}`);
  return await Gpu.request(adapter);
}
