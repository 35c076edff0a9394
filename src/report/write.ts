/**
 * Writing reports to files.
 *
 * @module
 */
import { replaceFile } from "../files.ts";
import { renderReport } from "./render.ts";
import type { Report } from "./parts.ts";

/**
 * Writes a report as one HTML file, as {@linkcode renderReport} does. The path holds the old file or the whole new one,
 * whenever the process stops.
 *
 * @param path the file, which may be there already
 * @throws {Error} when it cannot be written, or the library that draws charts cannot be loaded
 */
export async function writeReport(path: string, report: Report): Promise<void> {
  const bytes = new TextEncoder().encode(await renderReport(report));
  await replaceFile(path, async (file) => {
    for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
  });
}
