/**
 * The device of a command.
 *
 * @module
 */
import { requestAdapter } from "../adapter.ts";
import { Gpu } from "../gpu/device.ts";
import type { Streams } from "./streams.ts";

/**
 * Opens the best adapter's device and names it on stderr.
 *
 * @throws {Error} when there is no adapter; the message names the command that installs a driver
 */
export async function openGpu(streams: Pick<Streams, "err">): Promise<Gpu> {
  const { adapter, description } = await requestAdapter({ announce: (line) => streams.err(line) });
  streams.err(`device: ${description}`);
  return await Gpu.request(adapter);
}
