/**
 * The variants of one kernel problem against each other: times by pass, and who wins.
 *
 * @module
 */

import type { Command } from "../graph/emission.ts";

/** A variant that takes more than this times the default's time in one pass, or in each of more, is not timed again. */
const HOPELESS = { one: 3, more: 1.5 };

/** Share of the passes in which a variant must beat the default to replace it. */
const WON_SHARE = 0.8;

/** A default and the variants that may replace it. */
export class Contest {
  /** Kernel and problem. */
  readonly key: string;
  /** Variant of the least estimated cost. */
  readonly default: string;
  /** Names of all variants that fit. */
  readonly fitting: readonly string[];
  /** Variants that may still replace the default. */
  rivals: readonly string[];
  /** Median time in ms by variant, over the passes against all rivals. */
  ms: Readonly<Record<string, number>> = {};
  #times: Map<string, number[]> = new Map();
  #commands: readonly Command[] = [];

  /** Sets the default against all other variants that fit. */
  constructor(key: string, chosen: string, fitting: readonly string[]) {
    this.key = key;
    this.default = chosen;
    this.fitting = fitting;
    this.rivals = fitting.filter((name) => name !== chosen);
  }

  /** The variant to choose, as far as the contest is settled. */
  get winner(): string {
    return this.rivals[0] ?? this.default;
  }

  /** Forgets all times. */
  begin(): void {
    this.#times = new Map();
  }

  /**
   * Adds the time of a variant in a pass, the default first; that of a rival with the same commands as the default, as some
   * variants have that differ for larger problems alone, does not count.
   */
  add(variant: string, ms: number, commands: readonly Command[]): void {
    if (variant === this.default) this.#commands = commands;
    else if (isSame(commands, this.#commands)) return;
    this.#times.set(variant, [...this.#timesOf(variant), ms]);
  }

  /** Drops the rivals without times that count, and those that are far slower than the default. */
  dropHopeless(): void {
    this.rivals = this.rivals.filter((name) => {
      const ratios = this.#ratios(name);
      return ratios.length > 0 && Math.min(...ratios) <= (ratios.length === 1 ? HOPELESS.one : HOPELESS.more);
    });
  }

  /** Leaves the fastest rival that takes at most `most` of the default's time in the median, or none. */
  settle(most: number): void {
    if (this.ms[this.default] === undefined) this.ms = this.#medians();
    const ratioOf = (name: string): number => median(this.#ratios(name));
    const winners = this.rivals.filter((name) => {
      const ratios = this.#ratios(name);
      const won = ratios.filter((ratio) => ratio < 1).length;
      return ratioOf(name) <= most && won >= WON_SHARE * ratios.length;
    });
    this.rivals = winners.toSorted((a, b) => ratioOf(a) - ratioOf(b)).slice(0, 1);
  }

  /** Returns a rival's times over those of the default, by pass. */
  #ratios(name: string): number[] {
    const defaults = this.#timesOf(this.default);
    return this.#timesOf(name).map((ms, pass) => ms / defaults[pass]);
  }

  #timesOf(variant: string): readonly number[] {
    return this.#times.get(variant) ?? [];
  }

  #medians(): Record<string, number> {
    return Object.fromEntries([...this.#times].map(([name, times]) => [name, median(times)]));
  }
}

/** Returns whether commands run the same pipelines over as many workgroups, and copy as much. */
function isSame(a: readonly Command[], b: readonly Command[]): boolean {
  const describe = (command: Command) => "to" in command ? [command.texels] : [command.pipeline, ...command.grid];
  const [left, right] = [a.flatMap(describe), b.flatMap(describe)];
  return left.length === right.length && left.every((part, i) => part === right[i]);
}

/** Returns the middle one of some numbers, or the larger of the middle two; NaN of none. */
function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN;
}
