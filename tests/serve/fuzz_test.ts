import { assert } from "@std/assert";
import { gpu } from "../support.ts";
import { fuzz } from "./fuzz.ts";

Deno.test("damaged requests are answered with whose fault it is, and it is never the server's", async () => {
  const counts = await fuzz(2000, 7, (await gpu()).device);
  for (const status of [200, 400, 404, 405, 415]) assert((counts.get(status) ?? 0) > 0, `no answer with ${status}`);
});
