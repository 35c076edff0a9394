import { Access } from "../../src/model/access.ts";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";

/** Lets everything run that waits for nothing. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Notes in order what happens, with calls that end when they are told to. */
function scene() {
  const access = new Access();
  const log: string[] = [];
  const ends = new Map<string, () => void>();
  const read = (name: string): Promise<void> =>
    access.read("read", async () => {
      log.push(`${name} begins`);
      await new Promise<void>((resolve) => ends.set(name, resolve));
      log.push(`${name} ends`);
    });
  const end = async (name: string): Promise<void> => {
    ends.get(name)!();
    await settle();
  };
  return { access, log, read, end };
}

Deno.test("reading calls run side by side, and a write waits for them and goes before those that come later", async () => {
  const { access, log, read, end } = scene();
  const calls = [read("a"), read("b")];
  const written = access.write(() => log.push("written"));
  calls.push(read("c"));
  await end("a");
  assertEquals(log, ["a begins", "b begins", "a ends"]);
  await end("b");
  assertEquals(log, ["a begins", "b begins", "a ends", "b ends", "written", "c begins"]);
  await written;
  await end("c");
  await Promise.all(calls);
});

Deno.test("a write that nobody is in the way of happens at once", () => {
  const log: string[] = [];
  const written = new Access().write(() => log.push("written"));
  assertEquals(log, ["written"]);
  return written;
});

Deno.test("work alone waits for reading calls, and those that come later wait for its end, with writes in between", async () => {
  const { access, log, read, end } = scene();
  const calls = [read("a")];
  const stop = Promise.withResolvers<void>();
  const work = access.alone(async () => {
    await access.write(() => log.push("written"));
    await stop.promise;
    return "done";
  });
  calls.push(read("b"));
  await settle();
  assertEquals(log, ["a begins"]);
  await end("a");
  assertEquals(log, ["a begins", "a ends", "written"]);
  stop.resolve();
  assertEquals(await work, "done");
  await settle();
  await end("b");
  assertEquals(log.slice(3), ["b begins", "b ends"]);
  await Promise.all(calls);
});

Deno.test("work that nobody waits for holds back no change, which it can tell by the version, and only the disposal waits for it", async () => {
  const { access, log } = scene();
  const stop = Promise.withResolvers<void>();
  const { version } = access;
  const watching = access.watch("read parameters", () => stop.promise.then(() => log.push("watched")));
  access.requireUnused("set parameters");
  assertEquals(access.version, version + 1);
  await access.write(() => log.push("written"));
  assertEquals([log, access.version], [["written"], version + 2]);
  const closed = access.close().then(() => log.push("closed"));
  await settle();
  assertEquals(log, ["written"]);
  stop.resolve();
  await Promise.all([watching, closed]);
  assertEquals(log, ["written", "watched", "closed"]);
  await assertRejects(() => access.watch("read parameters", () => Promise.resolve()), Error, "the model was disposed");
});

Deno.test("a second training, and other writes while somebody uses the parameters, are refused", async () => {
  const { access, read, end } = scene();
  access.requireUnused("set parameters");
  const reading = read("a");
  assertThrows(
    () => access.requireUnused("set parameters"),
    Error,
    "Cannot set parameters: nothing else may use the parameters, received a call that reads them that still runs",
  );
  await end("a");
  await reading;
  const stop = Promise.withResolvers<void>();
  const training = access.train(() => stop.promise);
  await assertRejects(() => access.train(() => Promise.resolve()), Error, "Cannot train: one fit at a time");
  assertThrows(() => access.requireUnused("set parameters"), Error, "received a fit that still runs");
  stop.resolve();
  await training;
  await assertRejects(() => access.train(() => Promise.reject(new Error("no"))), Error, "no");
  access.requireUnused("set parameters");
});

Deno.test("closing waits for calls that run, ends a training at its next step, and refuses all others", async () => {
  const { access, log, read, end } = scene();
  const reading = read("a");
  const training = access.train(async () => {
    for (;;) await access.write(() => log.push("step"));
  });
  const waiting = read("b");
  const closed = access.close().then(() => log.push("closed"));
  const refusals = Promise.all([
    assertRejects(() => training, Error, "Cannot go on training: the model was disposed"),
    assertRejects(() => waiting, Error, "Cannot read: the model was disposed"),
    assertRejects(() => read("c"), Error, "Cannot read: the model was disposed"),
    assertRejects(() => access.train(() => Promise.resolve()), Error, "Cannot train: the model was disposed"),
  ]);
  await settle();
  assertEquals(log, ["a begins"]);
  await end("a");
  await Promise.all([reading, refusals, closed, access.close()]);
  assertEquals(log, ["a begins", "a ends", "closed"]);
  assertThrows(() => access.requireUnused("set parameters"), Error, "the model was disposed");
});
