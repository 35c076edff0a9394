/**
 * Writes checkpoints to one path for ever; `checkpoint_test.ts` kills it. Checkpoint k holds k in every element.
 *
 * @module
 */
import { writeCheckpoint } from "../src/checkpoint.ts";

const [path, first] = Deno.args;
for (let step = Number(first);; step++) {
  const data = new Float32Array(300_000).fill(step);
  await writeCheckpoint(path, { header: { step }, tensors: { table: { shape: [300, 1000], data } } });
}
