/**
 * The models that a server answers for, by name and version.
 *
 * @module
 */
import { formatText } from "../data/format.ts";
import { RequestError } from "./error.ts";
import { type RequestKey, Rollout } from "./rollout.ts";
import type { ServedModel } from "./served_model.ts";
import type { MirroredRequest } from "./shadow.ts";

/** The models of a server. */
export class Service {
  readonly #models = new Map<string, Map<string, ServedModel>>();
  readonly #rollouts = new Map<string, Rollout>();

  /** The models, in the order of names and then of versions. */
  get models(): ServedModel[] {
    const names = [...this.#models.keys()].sort();
    return names.flatMap((name) => this.versionsOf(name).map((version) => this.#models.get(name)!.get(version)!));
  }

  /**
   * Serves a model from here on; returns the one that had its name and version before.
   */
  set(model: ServedModel): ServedModel | undefined {
    const versions = this.#models.get(model.name) ?? new Map<string, ServedModel>();
    const before = versions.get(model.version);
    versions.set(model.version, model);
    this.#models.set(model.name, versions);
    return before;
  }

  /** Serves a version no longer; returns it. */
  remove(name: string, version: string): ServedModel | undefined {
    const versions = this.#models.get(name);
    const model = versions?.get(version);
    versions?.delete(version);
    if (versions?.size === 0) {
      this.#models.delete(name);
      this.#rollouts.delete(name);
    }
    return model;
  }

  /** Returns which version of a model has which part; kept as long as the model is served. */
  rolloutOf(name: string): Rollout {
    const rollout = this.#rollouts.get(name) ?? new Rollout();
    if (this.#models.has(name)) this.#rollouts.set(name, rollout);
    return rollout;
  }

  /** Versions of a model, ascending. */
  versionsOf(name: string): string[] {
    return [...(this.#models.get(name)?.keys() ?? [])].sort((a, b) => Number(a) - Number(b));
  }

  /**
   * Returns a model, its live version where none is named: the one that was chosen, or else the highest.
   *
   * @throws {RequestError} when there is none
   */
  find(name: string | undefined, version?: string): ServedModel {
    const known = [...this.#models.keys()].sort();
    if (name === undefined && known.length !== 1) {
      throw new RequestError(400, `Cannot answer: the request must name one of the models ${known.join(", ")}`);
    }
    const found = name ?? known[0];
    const versions = this.versionsOf(found);
    const model = this.#models.get(found)
      ?.get(version ?? this.#rollouts.get(found)?.live ?? versions[versions.length - 1]);
    if (model) return model;
    const what = version === undefined ? `model ${formatText(found)}` : `version ${version} of ${formatText(found)}`;
    throw new RequestError(404, `Cannot answer: there is no ${what}`);
  }

  /**
   * Returns the model that answers a request: the version that is named, or else the live one or its canary.
   *
   * @throws {RequestError} when there is none
   */
  choose(name: string | undefined, version: string | undefined, key: RequestKey): ServedModel {
    const model = this.find(name, version);
    const rollout = this.#rollouts.get(model.name);
    if (version !== undefined || !rollout?.isForCanary(model.name, key)) return model;
    return this.find(model.name, rollout.canary!.version);
  }

  /** Offers a request that the live version of a model answers to its shadow, if it has one. */
  mirror(model: ServedModel, request: MirroredRequest): void {
    const shadow = this.#rollouts.get(model.name)?.shadow;
    if (shadow && this.find(model.name) === model) shadow.offer(model, request);
  }

  /** Ends all rollouts, resolves once no copies of requests are computed any more. */
  async endRollouts(): Promise<void> {
    const shadows = [...this.#rollouts.values()].map(({ shadow }) => shadow);
    this.#rollouts.clear();
    await Promise.all(shadows.map((shadow) => shadow?.idle()));
  }
}
