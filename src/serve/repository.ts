/**
 * Models in files, served by name and version, and exchanged while requests run.
 *
 * @module
 */
import { formatText } from "../data/format.ts";
import { RequestError } from "./error.ts";
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

/** Models in files. Of each name the highest version is served. */
export class Repository {
  readonly #service: Service;
  readonly #source: ModelSource;
  readonly #failures = new Map<string, string>();
  #turn: Promise<unknown> = Promise.resolve();

  /** Serves from `source` into `service`. */
  constructor(service: Service, source: ModelSource) {
    this.#service = service;
    this.#source = source;
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
   * Reads the highest version of a model and serves it in place of what has been served under the name. Requests that
   * run meanwhile are answered by the one that they found.
   *
   * @throws {RequestError} when there is no file of that name, or it cannot be served; what was served still is
   */
  load(name: string): Promise<void> {
    return this.#alone(() => this.#load(name));
  }

  /**
   * Serves a model no longer, once its requests are answered.
   *
   * @throws {RequestError} when it is not served
   */
  unload(name: string): Promise<void> {
    return this.#alone(async () => {
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

  /** Does work once all that was asked for before is done. */
  #alone(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #load(name: string): Promise<void> {
    const files = (await this.#source.list()).filter((file) => file.name === name);
    const file = files.sort((a, b) => Number(b.version) - Number(a.version))[0];
    if (!file) throw new RequestError(400, `Cannot load: there is no model ${formatText(name)}`);
    const key = `${name} ${file.version}`;
    let model: ServedModel;
    try {
      model = await this.#source.open(file);
    } catch (error) {
      const { message } = error as Error;
      this.#failures.set(key, message);
      throw new RequestError(400, `Cannot load ${formatText(name)} version ${file.version}: ${message}`, {
        cause: error,
      });
    }
    this.#failures.delete(key);
    const old = this.#service.versionsOf(name).filter((version) => version !== file.version);
    this.#announceInputs(model);
    const replaced = this.#service.set(model);
    await Promise.all([replaced?.[Symbol.asyncDispose](), this.#release(name, old)]);
    this.#source.announce?.(`loaded ${name} version ${file.version} from ${file.path}`);
  }

  /** Says when a model asks requests for other columns than the one before it. */
  #announceInputs(model: ServedModel): void {
    const versions = this.#service.versionsOf(model.name);
    if (versions.length === 0) return;
    const columnsOf = ({ columns }: ServedModel) => columns.descriptions.map(({ name }) => name).join(", ");
    const [before, after] = [columnsOf(this.#service.find(model.name)), columnsOf(model)];
    if (before === after) return;
    this.#source.announce?.(`the inputs of ${model.name} change: from ${before} to ${after}`);
  }

  async #release(name: string, versions: readonly string[]): Promise<void> {
    const models = versions.map((version) => this.#service.remove(name, version));
    await Promise.all(models.map((model) => model?.[Symbol.asyncDispose]()));
  }
}
