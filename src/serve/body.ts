/**
 * Bodies of requests, read with limits of size and time.
 *
 * @module
 */
import { RequestError } from "./error.ts";
import type { ServeOptions } from "./options.ts";

/** Limits of a body. */
export type BodyLimits = Required<Pick<ServeOptions, "maxBodyBytes" | "bodyTimeoutMs">>;

/** Forms in which a body may be packed, by the name in the header. */
const FORMATS: Readonly<Record<string, CompressionFormat | undefined>> = { gzip: "gzip", deflate: "deflate" };

/**
 * Reads a body, and unpacks it where it is gzip or deflate.
 *
 * @throws {RequestError} when it is too large, comes too slowly, or is packed in another way
 */
export async function readBody(request: Request, limits: BodyLimits): Promise<Uint8Array<ArrayBuffer>> {
  const encoding = request.headers.get("content-encoding") ?? "identity";
  const format = FORMATS[encoding];
  if (encoding !== "identity" && !format) {
    throw new RequestError(
      415,
      `Cannot read the request: content-encoding must be gzip or deflate, received ${encoding}`,
    );
  }
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > limits.maxBodyBytes) throw tooLarge(limits);
  if (!request.body) return new Uint8Array(0);
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new RequestError(408, `Cannot read the request: it must be there within ${limits.bodyTimeoutMs} ms`));
  }, limits.bodyTimeoutMs);
  // A body whose size is known is within its limit, and read at once in less time than piece by piece.
  const isSized = announced > 0 && !format;
  const stream = format ? request.body.pipeThrough(new DecompressionStream(format)) : request.body;
  const reader = isSized ? undefined : stream.getReader();
  try {
    return await Promise.race([reader ? collect(reader, limits) : readSized(request, limits), late.promise]);
  } catch (error) {
    // What the client still sends is not waited for, and nobody asks how its sending ended.
    reader?.cancel().catch(() => {});
    if (error instanceof RequestError) throw error;
    const message = (error as Error).message;
    throw new RequestError(400, `Cannot read the request: the body must be whole, received ${message}`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

async function readSized(request: Request, limits: BodyLimits): Promise<Uint8Array<ArrayBuffer>> {
  const body = await request.bytes();
  if (body.length > limits.maxBodyBytes) throw tooLarge(limits);
  return body;
}

async function collect(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
  limits: BodyLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    bytes += read.value.length;
    if (bytes > limits.maxBodyBytes) throw tooLarge(limits);
    parts.push(read.value);
  }
  const body = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.length;
  }
  return body;
}

function tooLarge({ maxBodyBytes }: BodyLimits): RequestError {
  return new RequestError(413, `Cannot read the request: its body must have at most ${maxBodyBytes} bytes`);
}
