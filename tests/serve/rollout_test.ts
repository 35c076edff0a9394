import { models } from "../../models/mod.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric } from "../../src/data/schema.ts";
import { Model } from "../../src/model.ts";
import type { ServeOptions } from "../../src/serve/options.ts";
import type { RolloutState } from "../../src/serve/rollout_state.ts";
import { serve } from "../../src/serve/server.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { gpu } from "../support.ts";

const rows = Array.from({ length: 12 }, (_, r) => ({ user: `u${r}`, price: r / 4 }));
const labeled = rows.map((row, r) => ({ ...row, click: r % 2 }));
const data = readRows(labeled, { label: "click", features: [categorical("user"), numeric("price")] });
const withCity = readRows(labeled.map((row) => ({ ...row, city: "c" })), {
  label: "click",
  features: [categorical("user"), categorical("city"), numeric("price")],
});

type Ask = (path: string, body?: unknown, headers?: HeadersInit) => Promise<Response>;

/** Serves three versions: the first two differ in their numbers, the third in its columns. */
async function withVersions(
  options: ServeOptions,
  test: (ask: Ask, models: Record<"one" | "two", Model>, said: string[]) => Promise<void>,
): Promise<void> {
  const device = await gpu();
  await using one = await Model.create(models.deepfm({ dim: 4, hidden: [4] }), data.schema, { device, seed: 1 });
  await using two = await Model.create(models.deepfm({ dim: 4, hidden: [4] }), data.schema, { device, seed: 2 });
  await using three = await Model.create(models.lr(), withCity.schema, { device });
  await one.fit(data, { epochs: 2, batchSize: 4 });
  await two.fit(data, { epochs: 9, batchSize: 4 });
  const said: string[] = [];
  await using server = await serve(one, {
    ...{
      port: 0,
      batchSizes: [16],
      processor: "never",
      name: "ctr",
      versions: { 2: two, 3: three },
      announce: (line) => said.push(line),
    },
    ...options,
  });
  const ask: Ask = (path, body, headers) => {
    const init = body === undefined ? { headers } : { method: "POST", body: JSON.stringify(body), headers };
    return fetch(`${server.url}${path}`, init);
  };
  await test(ask, { one, two }, said);
}

const stateOf = async (response: Response | Promise<Response>): Promise<RolloutState> => (await response).json();

async function refuses(response: Promise<Response>, message: string): Promise<void> {
  const received = await response;
  assertStringIncludes((await received.json()).error, message);
  assertEquals(received.status, 400);
}

/** Waits until the shadow has taken notice of so many requests. */
async function shadowed(ask: Ask, requests: number): Promise<RolloutState["shadow"] & object> {
  for (;;) {
    const { shadow } = await stateOf(ask("/v1/models/ctr/rollout"));
    if (shadow!.requests + shadow!.dropped + shadow!.errors >= requests) return shadow!;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test("a canary answers its share of users, always the same ones, more of them with a larger share", async () => {
  await withVersions({ canary: { version: "2", share: 0.3, by: "user" } }, async (ask, { one, two }) => {
    const expected = { 1: await one.predict(data), 2: await two.predict(data) };
    const versionsOf = async () => {
      const versions: string[] = [];
      for (let user = 0; user < 200; user++) {
        const row = { user: `u${user}`, price: 1 };
        const answer = await (await ask("/v1/predict", { rows: [row] })).json();
        const ranked = await (await ask("/v1/rank", { context: { user: row.user }, candidates: [{ price: 1 }] }))
          .json();
        assertEquals(ranked.version, answer.version);
        versions.push(answer.version);
      }
      return versions;
    };
    const small = await versionsOf();
    const share = small.filter((version) => version === "2").length / small.length;
    assert(Math.abs(share - 0.3) < 0.1, `${share}`);
    assertEquals(await versionsOf(), small);
    for (const [r, row] of rows.entries()) {
      const { version, scores } = await (await ask("/v1/predict", { rows: [row] })).json();
      assertEquals(scores, [expected[version as "1" | "2"][r]]);
    }
    await (await ask("/v1/models/ctr/rollout", { canary: { version: "2", share: 0.6, by: "user" } })).body?.cancel();
    const large = await versionsOf();
    assert(small.every((version, user) => version === "1" || large[user] === "2"));
    const named = await (await ask("/v1/predict", { version: "1", rows: rows.slice(0, 1) })).json();
    assertEquals(named.version, "1");
  });
});

Deno.test("without a column the request's id decides, in each protocol, and answers name their version", async () => {
  await withVersions({ canary: { version: "2", share: 0.5 } }, async (ask) => {
    const inputs = [
      { name: "user", shape: [1], datatype: "BYTES", data: ["u1"] },
      { name: "price", shape: [1], datatype: "FP32", data: [1] },
    ];
    const seen = new Set<string>();
    for (let r = 0; r < 16; r++) {
      const id = `request ${r}`;
      const infer = await (await ask("/v2/models/ctr/infer", { id, inputs })).json();
      const instances = await ask("/v1/models/ctr:predict", { instances: [rows[1]] }, { "x-request-id": id });
      const columns = { inputs: { user: ["u1"], price: [1] } };
      const byColumn = await ask("/v1/models/ctr:predict", columns, { "x-request-id": id });
      const predict = await (await ask("/v1/predict", { rows: [rows[1]] }, { "x-request-id": id })).json();
      assertEquals(instances.headers.get("weft-version"), infer.model_version);
      assertEquals(byColumn.headers.get("weft-version"), infer.model_version);
      assertEquals(predict.version, infer.model_version);
      await Promise.all([instances.body?.cancel(), byColumn.body?.cancel()]);
      seen.add(infer.model_version);
    }
    assertEquals([...seen].sort(), ["1", "2"]);
  });
});

Deno.test("a shadow is compared with the answers and never changes them", async () => {
  await withVersions({ shadow: { version: "2", share: 1 } }, async (ask, { one, two }) => {
    const [live, other] = [await one.predict(data), await two.predict(data)];
    let asked = 0;
    // One request at a time: a copy is dropped where another request waits.
    const once = async (path: string, body: unknown) => {
      const answer = await (await ask(path, body)).json();
      await shadowed(ask, ++asked);
      return answer;
    };
    for (const row of rows) await once("/v1/predict", { rows: [row] });
    const answer = await once("/v1/predict", { rows });
    assertEquals([answer.version, answer.scores], ["1", [...live]]);
    const candidates = rows.map(({ price }) => ({ price }));
    const ranked = await once("/v1/rank", { context: { user: "u1" }, candidates });
    assertEquals(ranked.version, "1");
    const shadow = await shadowed(ask, 14);
    assertEquals([shadow.errors, shadow.dropped, shadow.requests], [0, 0, 14]);
    const pairs = [live, other];
    const rankedData = readRows(rows.map(({ price }) => ({ user: "u1", price })), data.schema);
    const more = [await one.predict(rankedData), await two.predict(rankedData)];
    const all = pairs.map((scores, side) => [...scores, ...scores, ...more[side]]);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const { click: { meanAbsoluteDifference, correlation } } = shadow.tasks;
    const close = (a: number, b: number) => assert(Math.abs(a - b) < 1e-9, `${a} ${b}`);
    close(meanAbsoluteDifference, mean(all[0].map((score, i) => Math.abs(score - all[1][i]))));
    const centered = all.map((scores) => scores.map((score) => score - mean(scores)));
    const [xx, yy, xy] = [[0, 0], [1, 1], [0, 1]].map(([a, b]) => mean(centered[a].map((x, i) => x * centered[b][i])));
    close(correlation!, xy / Math.sqrt(xx * yy));
    assertEquals(shadow.rows, 36);
    const first = (scores: Float32Array) => scores.indexOf(Math.max(...scores));
    assertEquals(shadow.changedTopShare, first(more[0]) === first(more[1]) ? 0 : 1);
    const metrics = await (await ask("/metrics")).text();
    const labels = 'model="ctr",version="2"';
    assertStringIncludes(metrics, `\nweft_shadow_requests{${labels},outcome="compared"} 14\n`);
    assertStringIncludes(metrics, `\nweft_shadow_rows{${labels}} 36\n`);
    assertStringIncludes(metrics, `\nweft_shadow_score_correlation{${labels},task="click"} ${correlation}\n`);
    assertStringIncludes(metrics, `\nweft_rollout_share{model="ctr",version="1",part="live"} 1\n`);
  });
});

Deno.test("a shadow that fails or is late harms no answer", async () => {
  await withVersions({ shadow: { version: "2", share: 0.5 } }, async (ask, { one, two }) => {
    const { embedding } = await two.parameters();
    two.setParameters({ embedding: { ...embedding, data: (embedding.data as Float32Array).map(() => NaN) } });
    const expected = [...await one.predict(data)];
    const answers = await Promise.all(
      Array.from({ length: 40 }, async () => (await ask("/v1/predict", { rows })).json()),
    );
    for (const { scores } of answers) assertEquals(scores, expected);
    const { requests, dropped, errors } = await shadowed(ask, 20);
    assertEquals([requests, dropped + errors], [0, 20]);
    assert(errors > 0);
  });
});

Deno.test("a version is promoted and rolled back, while requests run", async () => {
  await withVersions({ canary: { version: "2", share: 0.1 } }, async (ask, { one, two }, said) => {
    const expected = { 1: [...await one.predict(data)], 2: [...await two.predict(data)] };
    let isOver = false;
    const seen = new Set<string>();
    const asking = Promise.all(Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const response = await ask("/v1/predict", { rows });
        const { version, scores } = await response.json();
        assertEquals([response.status, scores], [200, expected[version as "1" | "2"]]);
        seen.add(version);
      }
    }));
    for (let round = 0; round < 3; round++) {
      const promoted = await stateOf(ask("/v1/models/ctr/promote", round === 0 ? {} : { version: "2" }));
      assertEquals([promoted.live, promoted.previous, promoted.canary, promoted.loaded], ["2", "1", null, ["1", "2"]]);
      const back = await stateOf(ask("/v1/models/ctr/rollback", {}));
      assertEquals([back.live, back.previous, back.loaded], ["1", "2", ["1", "2"]]);
    }
    isOver = true;
    await asking;
    assertEquals([...seen].sort(), ["1", "2"]);
    assertStringIncludes(said.join("\n"), "version 2 of ctr is live, in place of version 1");
    await (await ask("/v1/models/ctr/rollback", {})).body?.cancel();
    const metadata = await (await ask("/v2/models/ctr")).json();
    assertEquals([metadata.versions, metadata.parameters], [["1", "2"], undefined]);
    assertEquals((await (await ask("/v1/predict", { rows })).json()).version, "2");
  });
});

Deno.test("a version of other columns is refused as canary and shadow, and announced when it is promoted", async () => {
  await withVersions({}, async (ask, { one }, said) => {
    const plan = { version: "3", share: 0.5 };
    const before = await stateOf(ask("/v1/models/ctr/rollout"));
    for (const part of ["canary", "shadow"]) {
      await refuses(
        ask("/v1/models/ctr/rollout", { [part]: plan }),
        'version 3 of "ctr" must read and answer what the live one does: column "city" is new',
      );
    }
    assertEquals(await stateOf(ask("/v1/models/ctr/rollout")), before);
    assertEquals(before.loaded, ["1"]);
    const promoted = await stateOf(ask("/v1/models/ctr/promote", { version: "3" }));
    assertEquals([promoted.live, promoted.changes], ["3", ['column "city" is new']]);
    assertStringIncludes(said.join("\n"), 'requests to ctr change: column "city" is new');
    const metadata = await (await ask("/v2/models/ctr")).json();
    assertEquals(metadata.parameters, { changes: 'column "city" is new' });
    await refuses(ask("/v1/predict", { rows }), 'row 0: field "city" must have a value');
    await (await ask("/v1/models/ctr/rollback", {})).body?.cancel();
    assertEquals((await (await ask("/v1/predict", { rows })).json()).scores, [...await one.predict(data)]);
  });
});

Deno.test("plans that cannot be carried out are refused", async () => {
  await withVersions({}, async (ask) => {
    const change = (body: unknown) => ask("/v1/models/ctr/rollout", body);
    await refuses(change({ canary: { version: "2", share: 0 } }), "share of the canary must be above 0");
    await refuses(change({ shadow: { version: "2", share: "1" } }), 'at most 1, received "1"');
    await refuses(change({ canary: { version: "1", share: 1 } }), 'version 1 of "ctr" is live');
    await refuses(change({ canary: { version: 2, share: 1 } }), "version of canary must be decimal digits in quotes");
    await refuses(change({ canary: { version: "9", share: 1 } }), "versions are 1, 2, 3, received 9");
    await refuses(change({ canary: { version: "2", share: 1, by: "city" } }), 'column must be one of "ctr"');
    await refuses(change({ shadow: { version: "2", share: 1, by: "user" } }), 'version, share, received "by"');
    await refuses(change({ live: "2" }), 'keys of the body are canary, shadow, received "live"');
    await refuses(ask("/v1/models/ctr/promote", {}), "has neither canary nor shadow");
    await refuses(ask("/v1/models/ctr/promote", { version: "1" }), 'version 1 of "ctr" is live');
    await refuses(ask("/v1/models/ctr/rollback", {}), 'no version of "ctr" was live before version 1');
    const unknown = await ask("/v1/models/none/rollout", {});
    assertEquals([unknown.status, (await unknown.json()).error], [404, 'Cannot answer: there is no model "none"']);
    assertEquals((await stateOf(ask("/v1/models/ctr/rollout"))).loaded, ["1"]);
  });
  await assertRejects(
    () => withVersions({ canary: { version: "3", share: 1 } }, () => Promise.resolve()),
    Error,
    'column "city" is new',
  );
});
