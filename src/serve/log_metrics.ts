/**
 * What became of logged rows, as Prometheus reads it.
 *
 * @module
 */
import type { Describe } from "./metrics.ts";
import type { RequestLog } from "./request_log.ts";

/** Describes a log. */
export function describeLog(log: RequestLog): Describe {
  return ({ Counter, Gauge }, registry) => {
    const registers = [registry];
    new Counter({
      ...{ name: "weft_log_rows_total", help: "Rows that were written to the log, or dropped", registers },
      labelNames: ["outcome"],
      collect() {
        this.reset();
        const { written, dropped } = log.counts;
        this.inc({ outcome: "written" }, written);
        this.inc({ outcome: "dropped" }, dropped);
      },
    });
    new Gauge({
      ...{ name: "weft_log_waiting_rows", help: "Rows that wait to be written to the log", registers },
      collect() {
        this.set(log.counts.waiting);
      },
    });
  };
}
