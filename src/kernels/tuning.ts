/**
 * What was measured of kernels, as text: for each adapter and version, the variant that won by kernel and problem.
 *
 * @module
 */
import type { DeviceProfile } from "../gpu/profile.ts";
import { VERSION } from "../version.ts";
import type { Choice, KernelSet } from "./set.ts";

/** What measured times depend on beside the problem. */
export interface TunedAdapter {
  /** Adapter in the driver's words. */
  readonly adapter: string;
  /** Vendor as the driver names it. */
  readonly vendor: string;
  /** Whether it is a GPU. */
  readonly kind: DeviceProfile["kind"];
  /** Runtime with its version, which decides the WebGPU implementation; no runtime tells the driver's. */
  readonly runtime: string;
  /** Version of Weft. */
  readonly weft: string;
}

/** What was measured on one adapter. */
export interface TunedKernels extends TunedAdapter {
  /** Winners, with all variants that they won against, by kernel and problem. */
  readonly kernels: Readonly<Record<string, Choice>>;
}

/** Version of the format; files of another one count as empty. */
const FORMAT = 1;

/** Names a device with what runs on it. */
export function tunedAdapter({ description, vendor, kind }: DeviceProfile): TunedAdapter {
  return { adapter: description, vendor, kind, runtime: navigator.userAgent, weft: VERSION };
}

/**
 * Reads what was measured on all adapters.
 *
 * @throws {SyntaxError} when the text is damaged; the message says what is wrong
 */
export function parseTuning(text: string): readonly TunedKernels[] {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`it must be JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!isRecord(file) || typeof file.format !== "number") throw new SyntaxError('it must be an object with a "format"');
  if (file.format !== FORMAT) return [];
  const { adapters } = file;
  if (!Array.isArray(adapters)) throw new SyntaxError('it must have a list of "adapters"');
  const wrong = adapters.findIndex((adapter) => !isTunedKernels(adapter));
  if (wrong >= 0) throw new SyntaxError(`adapter ${wrong + 1} must have strings and kernels with variants that fit`);
  return adapters;
}

/** Writes what was measured on all adapters, the same text for the same content. */
export function formatTuning(adapters: readonly TunedKernels[]): string {
  const sorted = adapters.map(({ kernels, ...adapter }) => ({
    ...adapter,
    kernels: Object.fromEntries(Object.entries(kernels).sort(([a], [b]) => a < b ? -1 : 1)),
  }));
  return `${JSON.stringify({ format: FORMAT, adapters: sorted }, null, 1)}\n`;
}

/** Lets a device's kernels choose what was measured on its adapter with this version; returns how many winners there are. */
export function adoptTuning(set: KernelSet, adapters: readonly TunedKernels[]): number {
  const own = tunedAdapter(set.profile);
  const found = Object.entries(adapters.find((adapter) => isSame(adapter, own))?.kernels ?? {});
  for (const [key, choice] of found) set.tuning.set(key, choice);
  return found.length;
}

/** Adds what a device's kernels choose by measurement, in place of what its adapter had with other versions. */
export function mergeTuning(set: KernelSet, adapters: readonly TunedKernels[]): readonly TunedKernels[] {
  const own = tunedAdapter(set.profile);
  const before = adapters.find((adapter) => isSame(adapter, own))?.kernels;
  const others = adapters.filter(({ adapter, vendor, kind }) =>
    adapter !== own.adapter || vendor !== own.vendor || kind !== own.kind
  );
  return [...others, { ...own, kernels: { ...before, ...Object.fromEntries(set.tuning) } }];
}

function isSame(a: TunedAdapter, b: TunedAdapter): boolean {
  return (Object.keys(b) as (keyof TunedAdapter)[]).every((name) => a[name] === b[name]);
}

function isTunedKernels(value: unknown): value is TunedKernels {
  return isRecord(value) &&
    ["adapter", "vendor", "kind", "runtime", "weft"].every((name) => typeof value[name] === "string") &&
    isRecord(value.kernels) && Object.values(value.kernels).every(isChoice);
}

function isChoice(value: unknown): value is Choice {
  return isRecord(value) && Array.isArray(value.fitting) && value.fitting.includes(value.variant) &&
    value.fitting.every((name) => typeof name === "string");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
