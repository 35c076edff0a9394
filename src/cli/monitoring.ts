/**
 * Options of a server that watches: drift, and the log of served rows.
 *
 * @module
 */
import type { MonitoringOptions } from "../serve/monitoring.ts";
import type { Options } from "./options.ts";

/** The options. */
export const MONITORING_GROUPS = {
  "Drift": {
    "drift-psi": {
      value: "X",
      help:
        "population stability index, of scores or a field against training, that turns the\nstatus page and ready?strict red (default 0.2)",
    },
    "drift-unseen": {
      value: "SHARE",
      help: "unseen values of a field, beyond those of training, that do (default 0.2)",
    },
    "drift-missing": {
      value: "SHARE",
      help: "missing values of a field, beyond those of training, that do (default 0.2)",
    },
    "drift-min-rows": { value: "N", help: "rows before anything is said of them (default 1000)" },
    "drift-window": { value: "SECONDS", help: "how long served rows count (default 600)" },
  },
  "Log": {
    log: { value: "FOLDER", help: "append served rows and scores to files there, for join-labels" },
    "log-share": { value: "SHARE", help: "share of the requests that are logged (default 1)" },
    "log-file-size": { value: "MIB", help: "size at which a file is finished (default 64)" },
    "log-file-age": { value: "SECONDS", help: "age at which a file is finished (default 3600)" },
  },
} as const;

type Name = {
  [T in keyof typeof MONITORING_GROUPS]: keyof typeof MONITORING_GROUPS[T];
}[keyof typeof MONITORING_GROUPS];

/** Reads the options. */
export function readMonitoring(options: Options<Name>): MonitoringOptions {
  options.require("log", ["log-share", "log-file-size", "log-file-age"]);
  const positive = Number.MIN_VALUE;
  const times = (factor: number, value: number | undefined) => value === undefined ? undefined : factor * value;
  const folder = options.text("log");
  return {
    drift: {
      psi: options.number("drift-psi", positive),
      unseen: options.number("drift-unseen", positive, 1),
      missing: options.number("drift-missing", positive, 1),
      minRows: options.integer("drift-min-rows", 1),
      windowMs: times(1000, options.number("drift-window", 1)),
    },
    ...(folder !== undefined && {
      log: {
        folder,
        share: options.number("log-share", positive, 1),
        maxFileBytes: times(2 ** 20, options.number("log-file-size", positive)),
        maxFileMs: times(1000, options.number("log-file-age", positive)),
      },
    }),
  };
}
