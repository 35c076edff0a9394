/**
 * Dropout of whole fields.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import random from "../../../shaders/common/random.wgsl" with { type: "text" };
import source from "../../../shaders/embedding/field_dropout.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";

/** Number of the draws, apart from those of dropout layers, which count from 0. */
const FIELD_SALT = 0x6669656c;

const fieldDropoutOp: Op<{ readonly fields: number; readonly rate: number }> = {
  name: "field_dropout",
  outputs: (_, { fields }) => [[fields, "B"]],
  // The ids only say which graph the values are of.
  emit: (k, { inputs: [, values], outputs: [y], attributes: { fields, rate } }) => {
    const size = fields * k.batch;
    k.run({
      shader: shader("field_dropout", { grid, step, random, field_dropout: source }),
      entry: values ? "drop_given" : "drop",
      bind: { values, y },
      constants: { DROPOUT: rate, SALT: FIELD_SALT },
      params: { size },
      grid: Math.ceil(size / 64),
    });
  },
  backward: () => [],
};

/**
 * Drops fields of rows with probability `rate`, and multiplies the values of those that stay by 1 / (1 - rate), so that
 * sums over fields stay the same on average. A field is dropped for all that looks it up.
 *
 * @param ids row numbers `[F, B]`
 * @param values values of the occurrences `[F, B]`; absent when all are 1
 * @returns values `[F, B]`
 * @throws {RangeError} when the rate is not in [0, 1)
 */
export function dropFields(ids: Tensor, values: Tensor | undefined, rate: number): Tensor {
  if (!(rate >= 0 && rate < 1)) {
    throw new RangeError(`Cannot drop fields: the rate must be in [0, 1), received ${rate}`);
  }
  return apply(fieldDropoutOp, values ? [ids, values] : [ids], { fields: Number(ids.shape[0]), rate });
}
