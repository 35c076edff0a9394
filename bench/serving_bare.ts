/**
 * A server that reads requests and answers as many bytes as scores would take, without any work: what a machine's own
 * sockets cost. It writes its port as its first line.
 *
 *     deno run -A bench/serving_bare.ts [--bytes 8000]
 *
 * @module
 */
import { parseArgs } from "../src/std.ts";

const { bytes } = parseArgs(Deno.args, { string: ["bytes"], default: { bytes: "8000" } });
const answer = new Uint8Array(Number(bytes));
Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: ({ port }) => console.log(port) }, async (request) => {
  await request.arrayBuffer();
  return new Response(answer);
});
