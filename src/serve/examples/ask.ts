/**
 * Asks a server with the client of Weft.
 *
 *     deno run --allow-net ask.ts http://localhost:8000 MODEL
 *
 * @module
 */
import { Client, ServerError } from "../../client/mod.ts";

const [url, model] = Deno.args;
const client = new Client(url, { timeoutMs: 10_000, retries: 2 });
const rows = [{ user: "u1", item: "i2", price: 3 }, { user: "u1", item: "i3", price: 8 }];

try {
  const { scores } = await client.predict(rows, { model });
  console.log(JSON.stringify(scores));

  const candidates = rows.map(({ item, price }) => ({ item, price }));
  const { results } = await client.rank({ user: "u1" }, candidates, { model, top: 1 });
  console.log(JSON.stringify(results));

  const columns = { user: ["u1", "u1"], item: ["i2", "i3"], price: Float32Array.of(3, 8) };
  const answer = await client.infer(model, columns);
  console.log(JSON.stringify([...answer.floats("score")]));
} catch (error) {
  if (!(error instanceof ServerError)) throw error;
  console.error(`${error.status}: ${error.message}`);
  Deno.exit(1);
}
