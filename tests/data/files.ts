import type { Dataset } from "../../src/data/dataset.ts";

/** Makes a file in memory. */
export function file(content: string | Uint8Array<ArrayBuffer>, name = "train.csv"): File {
  return new File([content], name);
}

/** Packs text with gzip. */
export async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/** Returns the rows that field number `f` takes, counted from the field's first, in the order of the data. */
export function rowsOf(data: Dataset, f: number): number[] {
  const { offset } = data.schema.fields[f];
  return [...data.ids.subarray(f * data.rows, (f + 1) * data.rows)].map((id) => id - offset);
}

/** Returns the values of field number `f` in the order of the data. */
export function valuesOf(data: Dataset, f: number): number[] {
  return [...data.values!.subarray(f * data.rows, (f + 1) * data.rows)];
}
