import { nameCheckpoint } from "../../src/cli/run.ts";
import { GpuError } from "../../src/gpu/error.ts";
import { assertEquals } from "@std/assert";

Deno.test("a failure of the device names the checkpoint that the run wrote, else the one it went on from", async () => {
  const path = await Deno.makeTempFile();
  const lost = new GpuError("Cannot continue on the GPU: the device was lost");
  const other = new RangeError("Cannot go on training");
  const messageOf = async (...args: Parameters<typeof nameCheckpoint>): Promise<string> =>
    ((await nameCheckpoint(...args)) as Error).message;
  try {
    const note = `${lost.message}; the last checkpoint is intact, go on with --resume`;
    const later = Date.now() + 60_000;
    assertEquals(await messageOf(lost, { checkpoint: { path } }, 0), `${note} ${path}`);
    assertEquals(await messageOf(lost, { checkpoint: { path }, resume: "old.ckpt" }, 0), `${note} ${path}`);
    assertEquals(await messageOf(lost, { checkpoint: { path }, resume: "old.ckpt" }, later), `${note} old.ckpt`);
    assertEquals(await nameCheckpoint(lost, { checkpoint: { path } }, later), lost);
    assertEquals(await nameCheckpoint(lost, { checkpoint: { path: `${path}.absent` } }, 1), lost);
    assertEquals(await nameCheckpoint(lost, {}, 0), lost);
    assertEquals(await nameCheckpoint(other, { checkpoint: { path } }, 0), other);
  } finally {
    await Deno.remove(path);
  }
});
