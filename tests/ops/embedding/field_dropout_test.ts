import { Graph } from "../../../src/graph/graph.ts";
import { dropFields } from "../../../src/ops/embedding/field_dropout.ts";
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { dropoutScale } from "../../reference/pointwise.ts";
import { run } from "../../run.ts";
import { assertClose, randomArray, step } from "../../support.ts";

/** Number of the draws, which spell "fiel". */
const SALT = 0x6669656c;

/** Runs the op in a step. */
async function drop(rate: number, batch: number, values?: Float32Array<ArrayBuffer>, index = 1): Promise<Float32Array> {
  const graph = new Graph("train");
  const ids = graph.input("ids", [3, "B"], "u32");
  const given = values && graph.input("values", [3, "B"]);
  const inputs = { ids: new Uint32Array(3 * batch), ...(values && { values }) };
  const [y] = await run([dropFields(ids, given, rate)], { batch, steps: [step(batch, { index, seed: 1 })], inputs });
  return new Float32Array(y);
}

Deno.test("dropFields zeroes occurrences at its rate and scales the others, with and without values", async () => {
  for (const rate of [0.1, 0.5]) {
    const values = Float32Array.from(randomArray(900, 1));
    const expected = Float64Array.from(values, (_, i) => dropoutScale(rate, SALT, i));
    assertClose(await drop(rate, 300), expected, `rate ${rate}`, { rtol: 1e-6 });
    assertClose(await drop(rate, 300, values), expected.map((scale, i) => scale * values[i]), `rate ${rate}, values`, {
      rtol: 1e-6,
    });
    const dropped = expected.filter((scale) => scale === 0).length / 900;
    assert(Math.abs(dropped - rate) < 0.05, `${dropped} of ${rate}`);
  }
});

Deno.test("dropFields drops others in another step and none at rate 0", async () => {
  assertNotEquals(await drop(0.5, 40), await drop(0.5, 40, undefined, 2));
  assertEquals(await drop(0, 5), new Float32Array(15).fill(1));
  assertThrows(
    () => dropFields(new Graph("train").input("ids", [3, "B"], "u32"), undefined, 1),
    RangeError,
    "Cannot drop fields: the rate must be in [0, 1), received 1",
  );
});
