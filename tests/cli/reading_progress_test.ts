import { ReadingProgress } from "../../src/cli/reading_progress.ts";
import { assertEquals } from "@std/assert";

Deno.test("reading is shown on a terminal now and then, and nowhere else", () => {
  for (const isTTY of [true, false]) {
    let [text, ms] = ["", 0];
    const stream = { isTTY, write: (part: string) => void (text += part) };
    {
      using progress = new ReadingProgress(stream, () => ms);
      for (ms of [100, 500, 550, 1000]) progress.update(2000 * ms);
      assertEquals(progress.describeEnd(2_000_000), "read 2,000,000 rows in 1.0 s, 2,000,000 rows/s");
      assertEquals(progress.describeEnd(99_999), undefined);
    }
    const line = (rows: string, seconds: string) => `\r\x1b[Kreading ${rows} rows in ${seconds} s, 2,000,000 rows/s`;
    assertEquals(text, isTTY ? `${line("1,000,000", "0.5")}${line("2,000,000", "1.0")}\r\x1b[K` : "");
  }
});
