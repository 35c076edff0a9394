/**
 * Starting a model from the parameters of another one.
 *
 * @module
 */
import type { Model } from "./model.ts";

/** Tables that an FNN takes from an FM. */
const FM_TABLES = ["embedding", "linear"];

/**
 * Starts an FNN from a trained FM: its tables become the FM's embeddings and first-order weights.
 *
 * The FM's constant w_0 needs no copy: the FNN's first layer has a bias. Training goes on with `fnnModel.fit`, which
 * refines the tables together with the network. Zhang, Du, Wang: ECIR 2016, section 3.1.
 *
 * @param fnnModel a model of `fnn`
 * @param fmModel a model of `fm` with the same schema and width
 * @throws {TypeError} when the models are not an FNN and an FM, or their schemas or widths differ
 */
export async function initializeFromFm(fnnModel: Model, fmModel: Model): Promise<void> {
  const [target, source] = [fnnModel.definition.name, fmModel.definition.name];
  if (target !== "fnn" || source !== "fm") {
    throw new TypeError(
      `Cannot initialize an FNN: models must be "fnn" and "fm", received "${target}" and "${source}"`,
    );
  }
  const [ownSchema, fmSchema] = await Promise.all([fnnModel.schema.fingerprint(), fmModel.schema.fingerprint()]);
  if (ownSchema !== fmSchema) {
    throw new TypeError(
      `Cannot initialize an FNN: the FM must have schema ${ownSchema.slice(0, 12)}, received ${fmSchema.slice(0, 12)}`,
    );
  }
  const [own, trained] = await Promise.all([fnnModel.parameters(), fmModel.parameters()]);
  for (const name of FM_TABLES) {
    if (own[name].shape.join() !== trained[name].shape.join()) {
      throw new TypeError(
        `Cannot initialize an FNN: "${name}" must have shape [${own[name].shape}], received [${trained[name].shape}]`,
      );
    }
  }
  fnnModel.setParameters({ embedding: trained.embedding, linear: trained.linear });
}
