/**
 * What becomes of rows that cannot be used: the reader refuses them, or leaves them out and counts them.
 *
 * @module
 */
import { formatValue } from "./format.ts";

/** What is wrong with a row. */
export interface RowFault {
  /** What was expected and what was received. */
  readonly reason: string;
  /** Whether nothing is wrong but that the label is missing. */
  readonly missingLabel?: boolean;
}

/** What to do about a row that cannot be used. */
export type OnFault = "error" | "skip";

/** Options of all readers about rows that cannot be used. */
export interface RejectionOptions {
  /** What to do about a malformed row: refuse the file, or leave the row out and count it. @default {"error"} */
  onBadRow?: OnFault;
  /** What to do about a row whose label is missing: refuse the file, or leave the row out and count it. @default {onBadRow} */
  onMissingLabel?: OnFault;
}

/** How many reasons of skipped rows a data set remembers. */
const REMEMBERED = 20;

/** Rows left out of a data set under construction. */
export class Rejections {
  readonly #onBadRow: OnFault;
  readonly #onMissingLabel: OnFault;
  readonly #reasons: string[] = [];
  #skipped = 0;
  #missingLabels = 0;

  constructor({ onBadRow = "error", onMissingLabel = onBadRow }: RejectionOptions) {
    this.#onBadRow = onBadRow;
    this.#onMissingLabel = onMissingLabel;
  }

  /** Malformed rows left out. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Rows left out because their label is missing. */
  get missingLabels(): number {
    return this.#missingLabels;
  }

  /** The first reasons why malformed rows were left out. */
  get reasons(): readonly string[] {
    return this.#reasons;
  }

  /** What to say beside "there must be a row" when no row was left. */
  get excuse(): string {
    if (this.#reasons.length > 0) return `; skipped ${this.#reasons[0]}`;
    return this.#missingLabels > 0 ? `; ${this.#missingLabels} rows have no label` : "";
  }

  /**
   * Counts a row as left out.
   *
   * @param fault what is wrong with it
   * @param place where it stands, for the error
   * @param short where it stands, for the list of reasons
   * @throws {SyntaxError} when such rows are refused
   */
  take(fault: RowFault, place: string, short: string): void {
    const action = fault.missingLabel ? this.#onMissingLabel : this.#onBadRow;
    if (action === "error") throw new SyntaxError(`Cannot read ${place}: ${fault.reason}`);
    if (fault.missingLabel) this.#missingLabels++;
    else if (this.#skipped++ < REMEMBERED) this.#reasons.push(`${short}: ${fault.reason}`);
  }
}

/**
 * Checks the options about rows that cannot be used.
 *
 * @throws {RangeError} when one is neither `"error"` nor `"skip"`
 */
export function requireRejectionOptions({ onBadRow, onMissingLabel }: RejectionOptions): void {
  for (const [name, value] of Object.entries({ onBadRow, onMissingLabel })) {
    if (value !== undefined && value !== "error" && value !== "skip") {
      throw new RangeError(`Cannot read data: ${name} must be "error" or "skip", received ${formatValue(value)}`);
    }
  }
}
