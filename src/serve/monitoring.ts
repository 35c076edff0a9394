/**
 * All that watches over the requests of a server: metrics, drift, what happened lately, and the log.
 *
 * @module
 */
import { Activity } from "./activity.ts";
import type { BatchReport } from "./batcher.ts";
import { DriftMonitor, type DriftOptions } from "./drift.ts";
import { describeDrift } from "./drift_metrics.ts";
import { describeLog } from "./log_metrics.ts";
import { Metrics } from "./metrics.ts";
import { type LogOptions, RequestLog } from "./request_log.ts";
import type { Route } from "./route.ts";
import type { RequestObserver, RequestSuccess, ServedModel } from "./served_model.ts";
import type { Service } from "./service.ts";
import type { FailureReason } from "./statistics.ts";
import { statusRoutes } from "./status_routes.ts";

/** Options of {@linkcode Monitoring.open}. */
export interface MonitoringOptions {
  /** What is taken for drift. */
  readonly drift?: DriftOptions;
  /** Where and how served rows are logged; they are not when absent. */
  readonly log?: LogOptions;
  /** Told of rows that cannot be logged, and of failures to count. */
  readonly onError?: (error: unknown) => void;
}

/** Watches over the requests of a server. */
export class Monitoring implements RequestObserver, AsyncDisposable {
  readonly #service: Service;
  readonly #drift: DriftMonitor;
  readonly #log: RequestLog | undefined;
  readonly #observers: readonly RequestObserver[];
  readonly #onError: (error: unknown) => void;
  /** Routes that tell what was seen. */
  readonly routes: readonly Route[];

  private constructor(
    service: Service,
    { metrics, drift, log }: { metrics: Metrics; drift: DriftMonitor; log: RequestLog | undefined },
    onError: (error: unknown) => void,
  ) {
    const activity = new Activity();
    this.#service = service;
    this.#drift = drift;
    this.#log = log;
    this.#onError = onError;
    this.#observers = [metrics, drift, activity, ...log ? [log] : []];
    this.routes = [metrics.route, ...statusRoutes({ activity, drift, log })];
  }

  /**
   * Starts to watch.
   *
   * @throws {RangeError} when an option is out of its range
   * @throws {Error} when the folder of the log cannot be written, or another process writes to it
   */
  static async open(
    service: Service,
    { drift, log, onError = console.error }: MonitoringOptions = {},
  ): Promise<Monitoring> {
    const monitor = new DriftMonitor(drift);
    const opened = log && await RequestLog.open(log, onError);
    const described = [describeDrift(service, monitor), ...opened ? [describeLog(opened)] : []];
    const metrics = await Metrics.create(service, described);
    return new Monitoring(service, { metrics, drift: monitor, log: opened }, onError);
  }

  /** Whether requests need an id, to be found again in the log. */
  get givesIds(): boolean {
    return this.#log !== undefined;
  }

  /** Says of each model that drifts what drifts; the names of fields, which are not for everyone, are left out. */
  complaints(): string[] {
    return this.#service.models.flatMap((model) => {
      const { level, scores, fields } = this.#drift.report(model);
      if (level !== "red") return [];
      const red = (parts: readonly { readonly level: string }[]) => parts.filter((part) => part.level === "red").length;
      const what = [["scores", red(scores)], ["fields", red(fields)]].filter(([, count]) => count !== 0);
      const counts = what.map(([name, count]) => name === "scores" ? name : `${count} of ${fields.length} ${name}`);
      return [`${model.name} version ${model.version} drifts from training: ${counts.join(", ")}`];
    });
  }

  /** Tells all of an answered request. */
  onSuccess(model: ServedModel, event: RequestSuccess): void {
    this.#tell((observer) => observer.onSuccess(model, event));
  }

  /** Tells all of a request that was refused or failed. */
  onFailure(model: ServedModel, reason: FailureReason): void {
    this.#tell((observer) => observer.onFailure?.(model, reason));
  }

  /** Tells all of a batch. */
  onBatch(model: ServedModel, report: BatchReport): void {
    this.#tell((observer) => observer.onBatch?.(model, report));
  }

  /** No request fails because what watches over it does. */
  #tell(work: (observer: RequestObserver) => void): void {
    for (const observer of this.#observers) {
      try {
        work(observer);
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  /** Writes the rest of the log. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#log?.[Symbol.asyncDispose]();
  }
}
