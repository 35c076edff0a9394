import { assertEquals } from "@std/assert";
import { Message } from "../../src/interchange/onnx/message.ts";
import { messagesOf, readMessage, textsOf } from "./onnx_wire.ts";

function bytesOf(message: Message): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(message.length);
  let at = 0;
  for (const part of message.parts) {
    bytes.set(part, at);
    at += part.length;
  }
  assertEquals(at, bytes.length);
  return bytes;
}

const hex = (message: Message) => bytesOf(message).toHex();

// The bytes that the documentation of the encoding gives for these values.
Deno.test("integers, texts and messages are written as protocol buffers have them", () => {
  assertEquals(hex(new Message().int(1, 150)), "089601");
  assertEquals(hex(new Message().text(2, "testing")), "120774657374696e67");
  assertEquals(hex(new Message().message(3, new Message().int(1, 150))), "1a03089601");
  assertEquals(hex(new Message().ints(6, [3, 270, 86942])), "3206038e029ea705");
  assertEquals(hex(new Message().int(1, -2)), "08feffffffffffffffff01");
  assertEquals(hex(new Message().float(2, 1)), "150000803f");
});

Deno.test("long messages are read back whole", () => {
  const long = new Uint8Array(10_000).map((_, i) => i);
  const inner = new Message().bytes(1, long).int(2, 2n ** 40n).text(3, "x".repeat(300));
  for (let i = 0; i < 500; i++) inner.int(4, i);
  const fields = readMessage(bytesOf(new Message().message(20, inner).message(20, new Message())));
  const [first, second] = messagesOf(fields, 20);
  assertEquals(first.get(1), [long]);
  assertEquals(first.get(2), [2n ** 40n]);
  assertEquals(textsOf(first, 3), ["x".repeat(300)]);
  assertEquals(first.get(4), Array.from({ length: 500 }, (_, i) => BigInt(i)));
  assertEquals(second.size, 0);
});
