import { models } from "../../models/mod.ts";
import { readCheckpoint, writeCheckpoint } from "../../src/checkpoint.ts";
import { listModelFolder } from "../../src/cli/model_folder.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, type Feature, numeric } from "../../src/data/schema.ts";
import { GpuError } from "../../src/gpu/error.ts";
import { Model } from "../../src/model.ts";
import { createHandler } from "../../src/serve/handler.ts";
import { type ModelFile, Repository } from "../../src/serve/repository.ts";
import { ServedModel } from "../../src/serve/served_model.ts";
import { Service } from "../../src/serve/service.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";
import { gpu } from "../support.ts";

const rows = Array.from({ length: 12 }, (_, r) => ({ user: `u${r % 3}`, price: r / 4, click: r % 2, city: "c" }));
const request = { rows: rows.slice(0, 4).map(({ user, price }) => ({ user, price })) };
const FEATURES = [categorical("user"), numeric("price")];

/** Writes a model of a version into its folder. */
async function writeModel(folder: string, version: number, features: Feature[] = FEATURES): Promise<string> {
  const named = new Set(["click", ...features.map(({ column }) => column)]);
  const chosen = rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => named.has(name))));
  const { schema } = readRows(chosen, { label: "click", features });
  const place = `${folder}/ctr/${version}`;
  await Deno.mkdir(place, { recursive: true });
  await using model = await Model.create(models.deepfm({ dim: 4, hidden: [4] }), schema, {
    device: await gpu(),
    seed: version,
  });
  // A file is replaced in one step, as the documentation asks for.
  await model.save(`${place}/draft`);
  await Deno.rename(`${place}/draft`, `${place}/model.weft`);
  return `${place}/model.weft`;
}

/** A repository over a folder, what asks it, and what it says. */
class Served implements AsyncDisposable {
  readonly said: string[] = [];
  readonly service = new Service();
  readonly repository: Repository;
  readonly #handler: (request: Request) => Promise<Response>;
  #opened = 0;
  /** Called before a file is opened. */
  beforeOpen: (file: ModelFile) => void = () => {};

  constructor(folder: string) {
    this.repository = new Repository(this.service, {
      list: () => listModelFolder(folder),
      open: (file) => this.#open(file),
      announce: (line) => this.said.push(line),
    });
    this.#handler = createHandler(this.service, { repository: this.repository });
  }

  get opened(): number {
    return this.#opened;
  }

  async #open(file: ModelFile): Promise<ServedModel> {
    this.beforeOpen(file);
    const model = await Model.load(file.path, models, { device: await gpu() });
    this.#opened++;
    return await ServedModel.open(model, { ...file, batchSizes: [8], processor: "never", owned: model });
  }

  // deno-lint-ignore no-explicit-any -- JSON that the server writes
  async ask(path: string, body: unknown = {}): Promise<{ status: number; body: any }> {
    const init = { method: "POST", body: JSON.stringify(body) };
    const response = await this.#handler(new Request(`http://localhost${path}`, init));
    return { status: response.status, body: await response.json() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service.endRollouts();
    for (const model of this.service.models) await model[Symbol.asyncDispose]();
  }
}

/** Asks again and again while work is done. */
async function whileAsking(ask: () => Promise<void>, work: () => Promise<void>): Promise<void> {
  let isOver = false;
  const asking = Promise.allSettled(Array.from({ length: 4 }, async () => {
    while (!isOver) {
      await ask();
      // Clients on the wire leave the event loop its turns, too.
      await new Promise((resolve) => setTimeout(resolve));
    }
  }));
  try {
    await work();
  } finally {
    isOver = true;
    await asking;
  }
  for (const outcome of await asking) if (outcome.status === "rejected") throw outcome.reason;
}

/** Ways in which a file is not the model that it should be, with what is said about each. */
const WRONG: Readonly<Record<string, readonly [change: (path: string) => Promise<void>, message: string]>> = {
  "no model file": [(path) => Deno.writeTextFile(path, "no model"), "is not a Weft checkpoint"],
  "an empty file": [(path) => Deno.writeTextFile(path, ""), "is not a Weft checkpoint"],
  "a file cut off in its tensors": [(path) => rewrite(path, (bytes) => bytes.subarray(0, -9)), "is truncated"],
  "a file cut off in its header": [(path) => rewrite(path, (bytes) => bytes.subarray(0, 200)), "is truncated"],
  "a file with one bit changed": [
    (path) => rewrite(path, (bytes) => bytes.with(bytes.length - 5, bytes[bytes.length - 5] ^ 1)),
    "checksum does not match",
  ],
  "a model of an unknown kind": [
    (path) => rehead(path, (text) => text.replace('"deepfm"', '"deepgm"')),
    "must be one of",
  ],
  "tensors of other sizes than its options": [
    (path) => rehead(path, (text) => text.replace('"dim":4', '"dim":5')),
    "must have shape [10,4], received [8,4]",
  ],
};

async function rewrite(path: string, change: (bytes: Uint8Array) => Uint8Array): Promise<void> {
  await Deno.writeFile(path, change(await Deno.readFile(path)));
}

/** Changes the header of a file, whose checksums then are right. */
async function rehead(path: string, change: (text: string) => string): Promise<void> {
  const { header, tensors } = await readCheckpoint(path);
  const changed = change(JSON.stringify(header));
  assert(changed !== JSON.stringify(header));
  await writeCheckpoint(path, { header: JSON.parse(changed), tensors });
}

for (const [what, [change, message]] of Object.entries(WRONG)) {
  Deno.test(`${what} is refused while requests run, and the model before it goes on`, async () => {
    await inFolder(async (folder) => {
      await writeModel(folder, 1);
      await using served = new Served(folder);
      await served.repository.load("ctr");
      const before = await served.ask("/v1/predict", request);
      await change(await writeModel(folder, 2));
      const ask = async () => assertEquals(await served.ask("/v1/predict", request), before);
      await whileAsking(ask, async () => {
        for (
          const [path, body] of [
            ["/v2/repository/models/ctr/load", {}],
            ["/v1/models/ctr/rollout", { canary: { version: "2", share: 0.5 } }],
            ["/v1/models/ctr/promote", { version: "2" }],
          ] as const
        ) {
          const refused = await served.ask(path, body);
          assertStringIncludes(refused.body.error, 'Cannot load "ctr" version 2: ');
          assertStringIncludes(refused.body.error, message);
          assertEquals(refused.status, 400);
        }
      });
      const index = await served.ask("/v2/repository/index");
      assertStringIncludes(index.body[1].reason, message);
      assertEquals(index.body.map(({ state }: { state: string }) => state), ["READY", "UNAVAILABLE"]);
    });
  });
}

Deno.test("no request fails while versions are exchanged in every way", async () => {
  await inFolder(async (folder) => {
    await writeModel(folder, 1);
    await writeModel(folder, 2);
    await using served = new Served(folder);
    await served.repository.load("ctr", "1");
    const scores = new Map<string, string>();
    const ask = async () => {
      const { status, body } = await served.ask("/v1/predict", request);
      assertEquals([status, body.error], [200, undefined]);
      const key = JSON.stringify(body.scores);
      assertEquals(scores.get(body.version) ?? key, key);
      scores.set(body.version, key);
    };
    await whileAsking(ask, async () => {
      for (
        const [path, body] of [
          ["/v1/models/ctr/rollout", { canary: { version: "2", share: 0.5 }, shadow: { version: "2", share: 1 } }],
          ["/v2/repository/models/ctr/load", {}],
          ["/v1/models/ctr/rollout", { canary: null }],
          ["/v1/models/ctr/promote", {}],
          ["/v2/repository/models/ctr/load", {}],
          ["/v1/models/ctr/rollback", {}],
          ["/v1/models/ctr/rollout", { shadow: { version: "2", share: 1 } }],
          ["/v1/models/ctr/rollout", { shadow: null }],
          ["/v1/models/ctr/promote", { version: "2" }],
        ] as const
      ) {
        const { status, body: answer } = await served.ask(path, body);
        assertEquals([status, answer.error], [200, undefined]);
        for (let i = 0; i < 5; i++) await served.ask("/v1/predict", request);
      }
    });
    assertEquals([...scores.keys()].sort(), ["1", "2"]);
  });
});

Deno.test("load keeps to the version that a rollout made live; unloading forgets it", async () => {
  await inFolder(async (folder) => {
    for (const version of [1, 2, 3]) await writeModel(folder, version);
    await using served = new Served(folder);
    const versionNow = async () => (await served.ask("/v1/predict", request)).body.version;
    await served.repository.load("ctr");
    assertEquals(await versionNow(), "3");
    await served.ask("/v1/models/ctr/promote", { version: "2" });
    assertEquals((await served.ask("/v1/models/ctr/rollout", {})).body.loaded, ["2", "3"]);
    await served.repository.reload();
    assertEquals(await versionNow(), "2");
    await served.repository.unload("ctr");
    await served.repository.load("ctr");
    assertEquals([await versionNow(), served.service.versionsOf("ctr")], ["3", ["3"]]);
  });
});

Deno.test("a rollback after load reads the version before from its file", async () => {
  await inFolder(async (folder) => {
    await writeModel(folder, 1);
    await using served = new Served(folder);
    await served.repository.load("ctr");
    const before = await served.ask("/v1/predict", request);
    await writeModel(folder, 2);
    assertEquals(await served.ask("/v2/repository/models/ctr/load"), { status: 200, body: {} });
    assertEquals([served.service.versionsOf("ctr"), served.opened], [["2"], 2]);
    const { body } = await served.ask("/v1/models/ctr/rollback");
    assertEquals([body.live, body.previous, served.opened], ["1", "2", 3]);
    assertEquals(await served.ask("/v1/predict", request), before);
  });
});

Deno.test("a file of other columns ends the rollout that it does not fit, and load says what changes", async () => {
  await inFolder(async (folder) => {
    for (const version of [1, 2]) await writeModel(folder, version);
    await using served = new Served(folder);
    await served.repository.load("ctr", "1");
    await served.ask("/v1/models/ctr/rollout", { shadow: { version: "2", share: 1 } });
    await writeModel(folder, 1, [categorical("user"), categorical("city")]);
    const { body } = await served.ask("/v2/repository/models/ctr/load");
    assertEquals(body, { changes: ['column "price" is gone', 'column "city" is new'] });
    const state = (await served.ask("/v1/models/ctr/rollout", {})).body;
    assertEquals([state.live, state.shadow, state.loaded], ["1", null, ["1"]]);
    assertStringIncludes(served.said.join("\n"), 'version 2 of ctr is its shadow no longer: column "city" is gone');
  });
});

Deno.test("where memory is short, the version kept for a rollback makes room; else what is served goes on", async () => {
  await inFolder(async (folder) => {
    for (const version of [1, 2, 3]) await writeModel(folder, version);
    await using served = new Served(folder);
    await served.repository.load("ctr", "1");
    await served.ask("/v1/models/ctr/promote", { version: "2" });
    served.beforeOpen = () => {
      const [most, loaded] = [2, served.service.versionsOf("ctr").length];
      if (loaded >= most) {
        throw new GpuError("Cannot allocate 8 bytes: the device must have memory left, received none");
      }
    };
    const { body } = await served.ask("/v1/models/ctr/rollout", { canary: { version: "3", share: 0.5 } });
    assertEquals([body.loaded, body.previous], [["2", "3"], "1"]);
    assertStringIncludes(served.said.join("\n"), "version 1 of ctr is released to make room for version 3");
    const refused = await served.ask("/v1/models/ctr/rollback");
    assertStringIncludes(refused.body.error, "the device must have memory left");
    assertEquals([refused.status, (await served.ask("/v1/models/ctr/rollout")).body.live], [400, "2"]);
    await served.ask("/v1/models/ctr/rollout", { canary: null });
    assertEquals((await served.ask("/v1/models/ctr/rollback")).body.live, "1");
  });
});

Deno.test("a repository says what it does not have", async () => {
  await inFolder(async (folder) => {
    await writeModel(folder, 1);
    await using served = new Served(folder);
    await assertRejects(() => served.repository.load("none"), Error, 'Cannot load: there is no model "none"');
    await assertRejects(() => served.repository.load("ctr", "7"), Error, 'there is no version 7 of "ctr"');
    await assertRejects(() => served.repository.unload("ctr"), Error, 'Cannot unload: there is no model "ctr"');
  });
});
