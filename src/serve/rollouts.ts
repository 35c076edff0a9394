/**
 * Moving requests from one version of a model to another: copies first, then a share, then all, and back.
 *
 * @module
 */
import { formatText } from "../data/format.ts";
import { GpuError } from "../gpu/error.ts";
import { refuse, RequestError } from "./error.ts";
import { type CanaryPlan, requireShare, type RolloutChange, type ShadowPlan } from "./rollout.ts";
import { describeRollout, type RolloutState } from "./rollout_state.ts";
import { schemaChanges } from "./schema_change.ts";
import type { ServedModel } from "./served_model.ts";
import type { Service } from "./service.ts";
import { Shadow } from "./shadow.ts";

/** What versions are opened from. */
export interface VersionSource {
  /** Opens a version; an error says why it cannot be served. */
  readonly open: (name: string, version: string) => Promise<ServedModel>;
  /** Told in a line of each change. */
  readonly announce?: (line: string) => void;
}

/** Changes which version of a model has which part; one change at a time. */
export class Rollouts {
  readonly #service: Service;
  readonly #source: VersionSource;
  #turn: Promise<unknown> = Promise.resolve();

  /** Opens versions from `source` into `service`. */
  constructor(service: Service, source: VersionSource) {
    this.#service = service;
    this.#source = source;
  }

  /** Does work once all changes that were asked for before are done. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  /**
   * Sets or ends the canary and the shadow of a model. The live version stays live, also when its file is read anew.
   *
   * @throws {RequestError} when a version cannot be served, or reads or answers other columns or tasks than the live one;
   * all is then as it was
   */
  change(name: string, { canary, shadow }: RolloutChange): Promise<RolloutState> {
    return this.alone(async () => {
      const live = this.#service.find(name);
      const rollout = this.#service.rolloutOf(name);
      if (canary) requireCanary(live, canary);
      if (shadow) requirePlan("shadow", live, shadow);
      const pinned = rollout.live;
      // A higher version can then be there without answering.
      rollout.live = live.version;
      try {
        const models = [];
        for (const plan of [canary, shadow]) models.push(plan && await this.#openLike(live, plan.version));
        if (canary !== undefined) rollout.canary = canary ?? undefined;
        if (shadow !== undefined) rollout.shadow = shadow ? new Shadow(models[1]!, shadow.share) : undefined;
      } catch (error) {
        const released = this.releaseUnused(name);
        rollout.live = pinned;
        await released;
        throw error;
      }
      await this.releaseUnused(name);
      if (canary) this.announce(`version ${canary.version} of ${name} answers ${percent(canary.share)} of requests`);
      if (shadow) {
        this.announce(`version ${shadow.version} of ${name} gets copies of ${percent(shadow.share)} of requests`);
      }
      return describeRollout(this.#service, name);
    });
  }

  /**
   * Makes a version live. The one before it stays loaded, so that a rollback takes no time.
   *
   * @param version the canary where absent, or else the shadow
   * @throws {RequestError} when there is none to promote, or it cannot be served; what was live still is
   */
  promote(name: string, version?: string): Promise<RolloutState> {
    return this.alone(async () => {
      const live = this.#service.find(name);
      const { canary, shadow } = this.#service.rolloutOf(name);
      const next = version ?? canary?.version ?? shadow?.version;
      if (next === undefined) {
        return refuse(`Cannot promote: ${formatText(name)} has neither canary nor shadow, and no version is named`);
      }
      if (next === live.version) return refuse(`Cannot promote: version ${next} of ${formatText(name)} is live`);
      return await this.#exchange(live, next);
    });
  }

  /**
   * Makes the version live that was live before; it is opened anew if it has been released. Another rollback undoes it.
   *
   * @throws {RequestError} when there is none, or it cannot be served; what was live still is
   */
  rollback(name: string): Promise<RolloutState> {
    return this.alone(async () => {
      const live = this.#service.find(name);
      const { previous } = this.#service.rolloutOf(name);
      if (previous === undefined) {
        return refuse(`Cannot roll back: no version of ${formatText(name)} was live before version ${live.version}`);
      }
      return await this.#exchange(live, previous);
    });
  }

  /** Tells which version of a model has which part. */
  state(name: string): RolloutState {
    return describeRollout(this.#service, this.#service.find(name).name);
  }

  /** Notes how a version that becomes live differs from the one that was, and says so. */
  noteChanges(before: ServedModel | undefined, after: ServedModel): void {
    const changes = before ? schemaChanges(before, after) : [];
    this.#service.rolloutOf(after.name).changes = changes;
    if (changes.length > 0) this.announce(`requests to ${after.name} change: ${changes.join("; ")}`);
  }

  /** Ends the canary and the shadow of a model whose live version has other columns or tasks than they have. */
  endUnlike(live: ServedModel): void {
    const rollout = this.#service.rolloutOf(live.name);
    for (const part of ["canary", "shadow"] as const) {
      const version = rollout[part]?.version;
      if (version === undefined) continue;
      const changes = schemaChanges(live, this.#service.find(live.name, version));
      if (changes.length === 0) continue;
      rollout[part] = undefined;
      this.announce(`version ${version} of ${live.name} is its ${part} no longer: ${changes.join("; ")}`);
    }
  }

  /** Releases versions of a model that have no part, once their requests are answered. */
  async releaseUnused(name: string): Promise<void> {
    const used = new Set([this.#service.find(name).version, ...this.#service.rolloutOf(name).versions]);
    const unused = this.#service.versionsOf(name).filter((version) => !used.has(version));
    const models = unused.map((version) => this.#service.remove(name, version));
    await Promise.all(models.map((model) => model?.[Symbol.asyncDispose]()));
  }

  /**
   * Opens a version. Where the device lacks memory, the version that is kept for a rollback makes room, and it is tried
   * once more.
   */
  async open(
    name: string,
    version: string,
    open: VersionSource["open"] = this.#source.open,
  ): Promise<ServedModel> {
    try {
      return await open(name, version);
    } catch (error) {
      const { previous } = this.#service.rolloutOf(name);
      const isSpare = previous !== undefined && previous !== version &&
        this.#service.versionsOf(name).includes(previous);
      if (!isSpare || !((error as Error).cause instanceof GpuError || error instanceof GpuError)) throw error;
      this.announce(`version ${previous} of ${name} is released to make room for version ${version}`);
      await this.#service.remove(name, previous)![Symbol.asyncDispose]();
      return await open(name, version);
    }
  }

  /** Says a line. */
  announce(line: string): void {
    this.#source.announce?.(line);
  }

  async #ensure(name: string, version: string): Promise<ServedModel> {
    if (this.#service.versionsOf(name).includes(version)) return this.#service.find(name, version);
    const model = await this.open(name, version);
    this.#service.set(model);
    return model;
  }

  async #openLike(live: ServedModel, version: string): Promise<ServedModel> {
    const model = await this.#ensure(live.name, version);
    const changes = schemaChanges(live, model);
    if (changes.length === 0) return model;
    const what = `version ${version} of ${formatText(live.name)}`;
    throw new RequestError(
      400,
      `Cannot roll out: ${what} must read and answer what the live one does: ${changes.join("; ")}`,
    );
  }

  async #exchange(live: ServedModel, version: string): Promise<RolloutState> {
    const { name } = live;
    const rollout = this.#service.rolloutOf(name);
    rollout.live ??= live.version;
    const model = await this.#ensure(name, version);
    Object.assign(rollout, { live: version, previous: live.version, canary: undefined, shadow: undefined });
    this.noteChanges(live, model);
    await this.releaseUnused(name);
    this.announce(`version ${version} of ${name} is live, in place of version ${live.version}`);
    return describeRollout(this.#service, name);
  }
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(6))} %`;

function requirePlan(part: string, live: ServedModel, { version, share }: ShadowPlan): void {
  requireShare(part, share);
  if (version === live.version) refuse(`Cannot roll out: version ${version} of ${formatText(live.name)} is live`);
}

function requireCanary(live: ServedModel, plan: CanaryPlan): void {
  requirePlan("canary", live, plan);
  if (plan.by === undefined || live.columns.has(plan.by)) return;
  refuse(
    `Cannot roll out: the canary's column must be one of ${formatText(live.name)}, received ${formatText(plan.by)}`,
  );
}
