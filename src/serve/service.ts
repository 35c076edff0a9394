/**
 * The models that a server answers for, by name and version.
 *
 * @module
 */
import { formatText } from "../data/format.ts";
import { RequestError } from "./error.ts";
import type { ServedModel } from "./served_model.ts";

/** The models of a server. */
export class Service {
  readonly #models = new Map<string, Map<string, ServedModel>>();

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
    if (versions?.size === 0) this.#models.delete(name);
    return model;
  }

  /** Versions of a model, ascending. */
  versionsOf(name: string): string[] {
    return [...(this.#models.get(name)?.keys() ?? [])].sort((a, b) => Number(a) - Number(b));
  }

  /**
   * Returns a model, its highest version where none is named.
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
    const model = this.#models.get(found)?.get(version ?? versions[versions.length - 1]);
    if (model) return model;
    const what = version === undefined ? `model ${formatText(found)}` : `version ${version} of ${formatText(found)}`;
    throw new RequestError(404, `Cannot answer: there is no ${what}`);
  }
}
