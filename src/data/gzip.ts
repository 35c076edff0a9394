/**
 * Unpacking gzip.
 *
 * @module
 */

/** A chunk of bytes. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Unpacks a stream whose bytes are gzip, in one part or several behind each other; passes others on as they are. */
export async function gunzip(bytes: ReadableStream<Bytes>): Promise<ReadableStream<Bytes>> {
  const { head, whole } = await peek(bytes, 2);
  if (head[0] !== 0x1f || head[1] !== 0x8b) return whole;
  return hasNodeModules() ? await inflateParts(whole) : whole.pipeThrough(new DecompressionStream("gzip"));
}

/** Reads the first bytes of a stream, as many as asked for where it has them, and returns the whole stream beside them. */
export async function peek(
  bytes: ReadableStream<Bytes>,
  count: number,
): Promise<{ head: Bytes; whole: ReadableStream<Bytes> }> {
  const reader = bytes.getReader();
  const chunks: Bytes[] = [];
  for (let length = 0; length < count;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    length += value.length;
  }
  const head = Uint8Array.from(chunks.flatMap((chunk) => [...chunk.subarray(0, count)])).slice(0, count);
  const whole = new ReadableStream<Bytes>({
    async pull(controller) {
      const chunk = chunks.shift() ?? (await reader.read()).value;
      if (chunk) controller.enqueue(chunk);
      else controller.close();
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return { head, whole };
}

/** Tells whether the runtime has zlib, which reads on behind the end of a part. A page has `DecompressionStream` only. */
function hasNodeModules(): boolean {
  return (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node !== undefined;
}

async function inflateParts(packed: ReadableStream<Bytes>): Promise<ReadableStream<Bytes>> {
  const [{ createGunzip }, { Readable }] = await Promise.all([import("node:zlib"), import("node:stream")]);
  async function* chunks(): AsyncGenerator<Bytes> {
    // An error of the packed stream does not reach the end of a pipe by itself.
    const source = Readable.from(packed);
    const unpacked = source.pipe(createGunzip());
    source.once("error", (error: Error) => unpacked.destroy(error));
    try {
      for await (const chunk of unpacked) yield chunk as Bytes;
    } finally {
      source.destroy();
    }
  }
  return ReadableStream.from(chunks());
}
