/**
 * Models in files, served by name and version, and exchanged while requests run.
 *
 * @module
 */
import { formatText } from "../data/format.ts";
import { RequestError } from "./error.ts";
import { Rollouts } from "./rollouts.ts";
import type { ServedModel } from "./served_model.ts";
import type { Service } from "./service.ts";

/** A file of a model. */
export interface ModelFile {
  /** Name in addresses. */
  readonly name: string;
  /** Version: an integer in decimal digits. */
  readonly version: string;
  /** Path of the file. */
  readonly path: string;
  /** Path of the file of the model's own options, where there is one. */
  readonly options?: string;
}

/** What a repository reads its models from. */
export interface ModelSource {
  /** Lists the files that there are. */
  readonly list: () => Promise<readonly ModelFile[]>;
  /** Opens a file. */
  readonly open: (file: ModelFile) => Promise<ServedModel>;
  /** Told in a line of each change. */
  readonly announce?: (line: string) => void;
}

/** A line of a repository's index. */
export interface IndexEntry {
  /** Name in addresses. */
  readonly name: string;
  /** Version. */
  readonly version: string;
  /** Whether it is served. */
  readonly state: "READY" | "UNAVAILABLE";
  /** Why it is not. */
  readonly reason: string;
}

/** Models in files. Of each name the highest version is served, until a rollout chooses another one. */
export class Repository {
  /** Moves requests from one version to another. */
  readonly rollouts: Rollouts;
  readonly #service: Service;
  readonly #source: ModelSource;
  readonly #failures = new Map<string, string>();

  /** Serves from `source` into `service`. */
  constructor(service: Service, source: ModelSource) {
    this.#service = service;
    this.#source = source;
    this.rollouts = new Rollouts(service, {
      open: (name, version) => this.#openVersion(name, version),
      announce: source.announce,
    });
  }

  /** Lists the files, and what is served of them. */
  async index(): Promise<IndexEntry[]> {
    const files = await this.#source.list();
    return files.map(({ name, version }) => {
      const isServed = this.#service.versionsOf(name).includes(version);
      const isReady = isServed && this.#service.find(name, version).isReady;
      const failure = isServed ? "its worker is being replaced" : this.#failures.get(`${name} ${version}`);
      const reason = isReady ? "" : failure ?? "not loaded";
      return { name, version, state: isReady ? "READY" : "UNAVAILABLE", reason };
    });
  }

  /**
   * Reads the highest version of a model, or the one that a rollout made live, and serves it in place of what has been
   * served under the name. Requests that run meanwhile are answered by the one that they found.
   *
   * @param version read instead, and live from then on
   * @returns how its columns and tasks differ from those before
   * @throws {RequestError} when there is no file of that name, or it cannot be served; what was served still is
   */
  load(name: string, version?: string): Promise<readonly string[]> {
    return this.rollouts.alone(() => this.#load(name, version));
  }

  /**
   * Serves a model no longer, once its requests are answered.
   *
   * @throws {RequestError} when it is not served
   */
  unload(name: string): Promise<void> {
    return this.rollouts.alone(async () => {
      const versions = this.#service.versionsOf(name);
      if (versions.length === 0) throw new RequestError(400, `Cannot unload: there is no model ${formatText(name)}`);
      await this.#release(name, versions);
      this.#source.announce?.(`unloaded ${name}`);
    });
  }

  /** Reads all models anew; those that cannot be read are announced, and served as before. */
  async reload(): Promise<void> {
    const names = new Set((await this.#source.list()).map(({ name }) => name));
    for (const name of names) {
      await this.load(name).catch((error) => this.#source.announce?.((error as Error).message));
    }
  }

  async #load(name: string, version?: string): Promise<readonly string[]> {
    const before = this.#service.versionsOf(name).length > 0 ? this.#service.find(name) : undefined;
    const chosen = version ?? this.#service.rolloutOf(name).live;
    const file = await this.#fileOf(name, chosen);
    const model = await this.rollouts.open(name, file.version, () => this.#open(file));
    const replaced = this.#service.set(model);
    const rollout = this.#service.rolloutOf(name);
    rollout.live = chosen;
    if (before && before.version !== model.version) rollout.previous = before.version;
    this.rollouts.noteChanges(before, model);
    this.rollouts.endUnlike(model);
    await Promise.all([replaced?.[Symbol.asyncDispose](), this.#releaseOthers(model)]);
    this.#source.announce?.(`loaded ${name} version ${file.version} from ${file.path}`);
    return rollout.changes;
  }

  async #openVersion(name: string, version: string): Promise<ServedModel> {
    return await this.#open(await this.#fileOf(name, version));
  }

  /** Returns the file of a version, of the highest one where none is named. */
  async #fileOf(name: string, version?: string): Promise<ModelFile> {
    const files = (await this.#source.list()).filter((file) => file.name === name);
    const sorted = files.sort((a, b) => Number(b.version) - Number(a.version));
    const file = sorted.find((file) => version === undefined || file.version === version);
    if (file) return file;
    const what = version === undefined ? `model ${formatText(name)}` : `version ${version} of ${formatText(name)}`;
    throw new RequestError(400, `Cannot load: there is no ${what}`);
  }

  async #open(file: ModelFile): Promise<ServedModel> {
    const key = `${file.name} ${file.version}`;
    try {
      const model = await this.#source.open(file);
      this.#failures.delete(key);
      return model;
    } catch (error) {
      const { message } = error as Error;
      this.#failures.set(key, message);
      throw new RequestError(400, `Cannot load ${formatText(file.name)} version ${file.version}: ${message}`, {
        cause: error,
      });
    }
  }

  /** Releases the other versions of a model; those that have a part in a rollout stay. */
  async #releaseOthers({ name, version }: ServedModel): Promise<void> {
    if (this.#service.rolloutOf(name).live !== undefined) return await this.rollouts.releaseUnused(name);
    await this.#release(name, this.#service.versionsOf(name).filter((other) => other !== version));
  }

  async #release(name: string, versions: readonly string[]): Promise<void> {
    const models = versions.map((version) => this.#service.remove(name, version));
    await Promise.all(models.map((model) => model?.[Symbol.asyncDispose]()));
  }
}
