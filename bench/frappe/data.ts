/**
 * The Frappe data.
 *
 * @module
 */
import type { Dataset } from "../../src/data/dataset.ts";
import { readLibsvm } from "../../src/data/libsvm.ts";

/** The three files. */
export interface Splits {
  readonly training: Dataset;
  readonly validation: Dataset;
  readonly test: Dataset;
}

const FIELDS = "user item daytime weekday isweekend homework cost weather country city".split(" ");

/**
 * Reads frappe.train.rebuilt.libfm.gz, frappe.validation.libfm.gz and frappe.test.libfm.gz.
 *
 * @throws {SyntaxError} when a line is malformed
 */
export async function readSplits(folder: string): Promise<Splits> {
  const training = await readLibsvm(`${folder}/frappe.train.rebuilt.libfm.gz`, { fields: FIELDS });
  const { schema } = training;
  const validation = await readLibsvm(`${folder}/frappe.validation.libfm.gz`, { schema });
  return { training, validation, test: await readLibsvm(`${folder}/frappe.test.libfm.gz`, { schema }) };
}
