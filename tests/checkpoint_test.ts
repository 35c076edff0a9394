import { createHash } from "node:crypto";
import { type Checkpoint, type Json, readCheckpoint, writeCheckpoint } from "../src/checkpoint.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { inFolder } from "./folder.ts";

const SAMPLE: Checkpoint = {
  header: {
    model: "deepfm",
    epoch: 3,
    options: { lr: 1e-3, hidden: [400, 400], l2: undefined },
    note: "naïve \u{1F9F5}",
  },
  tensors: {
    "table.f0": { shape: [3, 2], data: new Float32Array([1, -2.5, 0, -0, 1e-45, 3e38]) },
    step: { shape: [], data: new Uint32Array([4_000_000_000]) },
    empty: { shape: [0, 8], data: new Float32Array() },
    mean: { shape: [2], data: new Float64Array([Math.PI, NaN]) },
    seen: { shape: [1], data: new BigUint64Array([2n ** 64n - 1n]) },
    bytes: { shape: [5], data: new Int8Array([-128, 127, 0, 1, -1]) },
    halves: { shape: [3], data: new Uint16Array([0, 1, 65535]) },
  },
};

function namesIn(directory: string): string[] {
  return Array.from(Deno.readDirSync(directory), (entry) => entry.name).sort();
}

/** Writes the sample, changes its bytes, and expects the error. */
async function assertRefused(
  change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array,
  errorClass: new (message: string) => Error,
  part: string,
): Promise<void> {
  await inFolder(async (directory) => {
    const path = `${directory}/x.weft`;
    await writeCheckpoint(path, SAMPLE);
    await Deno.writeFile(path, change(await Deno.readFile(path)));
    const error = await assertRejects(() => readCheckpoint(path), errorClass, `Cannot load "${path}": `);
    assert(error.message.includes(part), error.message);
  });
}

Deno.test("readCheckpoint returns what writeCheckpoint was given, bit by bit", async () => {
  await inFolder(async (directory) => {
    const path = `${directory}/model.weft`;
    await writeCheckpoint(path, SAMPLE);
    const { header, tensors } = await readCheckpoint(path);
    assertEquals(header, {
      model: "deepfm",
      epoch: 3,
      options: { lr: 1e-3, hidden: [400, 400] },
      note: "naïve \u{1F9F5}",
    });
    assertEquals(Object.keys(tensors), Object.keys(SAMPLE.tensors).sort());
    for (const [name, { shape, data }] of Object.entries(SAMPLE.tensors)) {
      assertEquals(tensors[name].shape, shape);
      assertEquals(tensors[name].data.constructor, data.constructor);
      assertEquals(new Uint8Array(tensors[name].data.buffer), new Uint8Array(data.buffer));
    }
    assertEquals(namesIn(directory), ["model.weft"]);
  });
});

Deno.test("equal content gives equal bytes in whatever order it was built", async () => {
  await inFolder(async (directory) => {
    const reversed = Object.fromEntries(Object.entries(SAMPLE.tensors).reverse());
    const { model, epoch, options, note } = SAMPLE.header;
    await writeCheckpoint(`${directory}/a`, SAMPLE);
    await writeCheckpoint(`${directory}/b`, { header: { note, options, epoch, model }, tensors: reversed });
    assertEquals(await Deno.readFile(`${directory}/a`), await Deno.readFile(`${directory}/b`));
  });
});

Deno.test("the file is laid out as documented", async () => {
  await inFolder(async (directory) => {
    const path = `${directory}/x.weft`;
    const tensors = {
      b: { shape: [2], data: new Float32Array([1, 2]) },
      a: { shape: [1], data: new Uint8Array([7]) },
    };
    await writeCheckpoint(path, { header: { z: 1, y: 2 }, tensors });
    const bytes = await Deno.readFile(path);
    const view = new DataView(bytes.buffer);
    const json = '{"header":{"y":2,"z":1},"tensors":[{"dtype":"u8","name":"a","shape":[1]},' +
      '{"dtype":"f32","name":"b","shape":[2]}]}';
    assertEquals(new TextDecoder().decode(bytes.subarray(0, 8)), "WEFT\r\n\x1a\n");
    assertEquals([view.getUint32(8, true), view.getUint32(12, true)], [1, 0]);
    assertEquals([view.getBigUint64(16, true), view.getBigUint64(24, true)], [
      BigInt(json.length),
      BigInt(bytes.length),
    ]);
    assertEquals(new TextDecoder().decode(bytes.subarray(64, 64 + json.length)), json);
    assertEquals(bytes[192], 7);
    assertEquals([view.getFloat32(256, true), view.getFloat32(260, true)], [1, 2]);
    assertEquals(bytes.length, 264 + 32);
    assertEquals(
      Array.from(bytes.subarray(264)),
      Array.from(createHash("sha256").update(bytes.subarray(0, 264)).digest()),
    );
  });
});

Deno.test("tensors larger than a chunk and views into larger buffers survive", async () => {
  await inFolder(async (directory) => {
    const whole = Float32Array.from({ length: 5_000_003 }, (_, i) => i);
    const part = whole.subarray(1, 5_000_002);
    await writeCheckpoint(`${directory}/x`, { header: {}, tensors: { part: { shape: [part.length], data: part } } });
    const { data } = (await readCheckpoint(`${directory}/x`)).tensors.part;
    assertEquals(data.length, part.length);
    assert(part.every((value, i) => data[i] === value));
  });
});

Deno.test("readCheckpoint refuses a file with any byte changed", async () => {
  await assertRefused(
    (bytes) => {
      bytes[bytes.length - 40] ^= 1;
      return bytes;
    },
    SyntaxError,
    "checksum does not match, expected ",
  );
  await assertRefused(
    (bytes) => {
      bytes[bytes.length - 1] ^= 128;
      return bytes;
    },
    SyntaxError,
    "checksum does not match, expected ",
  );
  await inFolder(async (directory) => {
    const path = `${directory}/x.weft`;
    await writeCheckpoint(path, SAMPLE);
    const bytes = await Deno.readFile(path);
    for (let i = 0; i < bytes.length; i += 5) {
      const changed = bytes.slice();
      changed[i] ^= 1 << (i % 8);
      await Deno.writeFile(path, changed);
      await assertRejects(() => readCheckpoint(path), Error, `Cannot load "${path}": `);
    }
  });
});

Deno.test("readCheckpoint names truncated, longer, foreign and other-version files", async () => {
  await assertRefused((bytes) => bytes.subarray(0, bytes.length - 33), SyntaxError, "file is truncated, expected ");
  await assertRefused((bytes) => bytes.subarray(0, 70), SyntaxError, "bytes, received 70");
  await assertRefused((bytes) => new Uint8Array([...bytes, 0]), SyntaxError, "file is longer than its content");
  await assertRefused(() => new Uint8Array(), SyntaxError, "file is not a Weft checkpoint, received 0 bytes");
  await assertRefused(() => new TextEncoder().encode("a,b\n".repeat(99)), SyntaxError, "file is not a Weft checkpoint");
  await assertRefused(
    (bytes) => {
      bytes[8] = 2;
      return bytes;
    },
    RangeError,
    "format version must be 1, received 2",
  );
  await assertRefused(
    (bytes) => {
      new DataView(bytes.buffer).setBigUint64(16, 1n << 52n, true);
      return bytes;
    },
    SyntaxError,
    "header is damaged, received 4503599627370496 bytes of header",
  );
  await assertRejects(() => readCheckpoint("nowhere/x.weft"), Error, 'Cannot load "nowhere/x.weft": ');
});

Deno.test("writeCheckpoint refuses what it could not give back and leaves the old file alone", async () => {
  await inFolder(async (directory) => {
    const path = `${directory}/x.weft`;
    await writeCheckpoint(path, SAMPLE);
    const before = await Deno.readFile(path);
    const write = (header: Checkpoint["header"], tensors: Checkpoint["tensors"] = {}): Promise<void> =>
      writeCheckpoint(path, { header, tensors });
    await assertRejects(
      () => write({ lr: { now: [1, NaN] } }),
      TypeError,
      "header.lr.now[1] must be finite, received NaN",
    );
    await assertRejects(() => write({ at: new Date() as unknown as Json }), TypeError, "plain object, received Date");
    await assertRejects(() => write({ n: 1n as unknown as Json }), TypeError, "header.n must be JSON, received bigint");
    const data = new Float32Array(5);
    await assertRejects(
      () => write({}, { w: { shape: [2, 3], data } }),
      TypeError,
      "must hold [2,3] elements, received 5",
    );
    await assertRejects(() => write({}, { w: { shape: [-5, -1], data } }), TypeError, "must hold [-5,-1] elements");
    assertEquals(await Deno.readFile(path), before);
    assertEquals(namesIn(directory), ["x.weft"]);
  });
});

Deno.test("a failed rename leaves no temporary file and names the path", async () => {
  await inFolder(async (directory) => {
    const path = `${directory}/taken`;
    await Deno.mkdir(`${path}/inside`, { recursive: true });
    await assertRejects(() => writeCheckpoint(path, SAMPLE), Error, `Cannot save "${path}": `);
    assertEquals(namesIn(directory), ["taken"]);
  });
  await assertRejects(() => writeCheckpoint("nowhere/x", SAMPLE), Error, 'Cannot save "nowhere/x": ');
});

Deno.test("concurrent writers of one path leave one whole file", async () => {
  await inFolder(async (directory) => {
    const path = `${directory}/x.weft`;
    const data = new Float32Array(100_000);
    await Promise.all(
      Array.from({ length: 16 }, (_, run) => run).map((run) =>
        writeCheckpoint(path, { header: { run }, tensors: { w: { shape: [100_000], data } } })
      ),
    );
    const { header } = await readCheckpoint(path);
    assert((header.run as number) >= 0);
    assertEquals(namesIn(directory), ["x.weft"]);
  });
});

Deno.test("a writer killed at any moment leaves a loadable file", async () => {
  await inFolder(async (directory) => {
    const path = `${directory}/x.weft`;
    const writer = `${import.meta.dirname}/checkpoint_writer.ts`;
    let last = 0;
    await writeCheckpoint(path, { header: { step: 0 }, tensors: { table: { shape: [0], data: new Float32Array() } } });
    for (let kill = 0; kill < 8; kill++) {
      const child = new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--quiet",
          `--allow-read=${directory}`,
          `--allow-write=${directory}`,
          writer,
          path,
          `${last + 1}`,
        ],
      }).spawn();
      const before = Deno.statSync(path).ino;
      for (let waits = 0; Deno.statSync(path).ino === before && waits < 2000; waits++) await sleep(10);
      // Different offsets into the cycle of writing, flushing and renaming.
      await sleep(3 + 7 * kill);
      child.kill("SIGKILL");
      await child.status;

      const { header, tensors } = await readCheckpoint(path);
      const step = header.step as number;
      assert(step > last, `step ${step} after ${last}`);
      assertEquals(tensors.table.shape, [300, 1000]);
      assert((tensors.table.data as Float32Array).every((value) => value === step));
      assert(namesIn(directory).length <= 2, "leftovers of killed writers pile up");
      last = step;
    }
    await writeCheckpoint(path, SAMPLE);
    assertEquals(namesIn(directory), ["x.weft"]);
  });
});

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
