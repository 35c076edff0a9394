/**
 * `weft devices`.
 *
 * @module
 */
import { type AdapterReport, listAdapters } from "../adapter.ts";
import { type CommandInfo, parseOptions } from "./options.ts";
import type { Streams } from "./streams.ts";
import { formatBytes, formatCount, wrap } from "./table.ts";

const GROUPS = { "Output": { json: { help: "print a list in JSON" } } } as const;

/** Describes `weft devices`. */
export const DEVICES: CommandInfo<typeof GROUPS> = {
  name: "devices",
  summary: "list the adapters that WebGPU reaches, with driver, limits and features",
  options: GROUPS,
  notes: ["The adapter that train, evaluate and predict use comes first."],
  examples: ["devices", "devices --json"],
};

const KINDS: Readonly<Record<AdapterReport["kind"], string>> = {
  "hardware": "GPU",
  "vulkan-software": "processor, through a software Vulkan driver",
  "gl-software": "processor, through OpenGL",
  "dx12-software": "processor, through Direct3D 12",
  "bundled": "processor, through the bundled SwiftShader",
};

/** Characters of a line. */
const LINE_WIDTH = 100;

/** Runs `weft devices`. */
export async function devices(args: readonly string[], streams: Streams): Promise<number> {
  const options = parseOptions(DEVICES, args);
  const reports = await listAdapters({ announce: (line) => streams.err(line) });
  streams.out(options.has("json") ? JSON.stringify(reports, null, 2) : reports.map(formatAdapter).join("\n\n"));
  return 0;
}

/** Describes an adapter in lines. */
export function formatAdapter(report: AdapterReport): string {
  const rows: [string, string][] = [
    ["runs on", KINDS[report.kind]],
    ["vendor", report.vendor],
    ["interface", report.backend ?? "unknown"],
    ["requested as", report.requestedAs.join(", ")],
    ...Object.entries(report.limits).map(([name, value]): [string, string] => [name, formatLimit(name, value)]),
    ["features", report.features.join(", ")],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, text]) =>
    `  ${name.padEnd(width)}  ${indent(wrap(text, LINE_WIDTH - width - 4), width + 4)}`
  );
  return [report.description || "unnamed adapter", ...lines].join("\n");
}

function indent(lines: readonly string[], width: number): string {
  return lines.join(`\n${" ".repeat(width)}`);
}

function formatLimit(name: string, value: number): string {
  return /Size$/.test(name) ? formatBytes(value) : formatCount(value);
}
