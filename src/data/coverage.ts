/**
 * How much of a data set its fitted schema knows, field by field.
 *
 * @module
 */

/** Cells of one field that the training data could not prepare a model for. */
export interface FieldCoverage {
  /** Name of the field. */
  readonly name: string;
  /** Cells, one a row; of a sequence, its values in all rows. */
  readonly rows: number;
  /** Cells without a value. */
  readonly missing: number;
  /** Those of them that another value stands in for; absent where that is none. */
  readonly filled?: number;
  /** Cells with a value that the vocabulary lacks: never seen, or too rarely. */
  readonly unseen: number;
  /** Cells with a number outside the range of the training data. */
  readonly outside: number;
  /** Values of a sequence that were left out because the row has later ones, as many as are kept. */
  readonly cut?: number;
  /** Rows in which a sequence has no value. */
  readonly empty?: number;
  /** An unseen text, where most unseen texts of the field are known when they are written in another way. */
  readonly respelled?: Respelling;
}

/** A text that the vocabulary lacks, beside one in it that means the same. */
export interface Respelling {
  /** The text as it is in the data. */
  readonly text: string;
  /** The text as the training data had it. */
  readonly known: string;
}

// A vocabulary that knows other spellings shows it soon; later texts need no look.
const MOST_TRIED = 10_000;

/** Looks for texts that a vocabulary lacks under other spellings: `7.0` for `7`, and blanks around a text. */
export class Respellings {
  readonly #vocabulary: ReadonlyMap<string, number>;
  #tried = 0;
  #found = 0;
  #example: Respelling | undefined;

  constructor(vocabulary: ReadonlyMap<string, number>) {
    this.#vocabulary = vocabulary;
  }

  /** The first text that is known in another spelling, where most are. */
  get example(): Respelling | undefined {
    return 2 * this.#found > this.#tried ? this.#example : undefined;
  }

  /** Returns that text, and forgets all that were taken. */
  take(): Respelling | undefined {
    const { example } = this;
    this.#tried = 0;
    this.#found = 0;
    this.#example = undefined;
    return example;
  }

  /** Takes a text that the vocabulary lacks. */
  try(text: string): void {
    if (this.#tried === MOST_TRIED) return;
    this.#tried++;
    const known = spellings(text).find((other) => this.#vocabulary.has(other));
    if (known === undefined) return;
    this.#found++;
    this.#example ??= { text, known };
  }
}

function spellings(text: string): string[] {
  const bare = text.trim();
  const others = [bare, ` ${bare}`];
  const [, sign, digits] = /^([+-]?)0*(\d+)(?:\.0*)?$/.exec(bare) ?? [];
  if (digits !== undefined) {
    const whole = (sign === "-" ? sign : "") + digits;
    others.push(whole, `${whole}.0`);
  }
  return others;
}

/** Says how many missing cells another value stands in for. */
export function withFilled<C extends Pick<FieldCoverage, "missing" | "filled">>(
  counts: C,
  { fill }: { readonly fill?: unknown },
): C {
  return fill === undefined || counts.missing === 0 ? counts : { ...counts, filled: counts.missing };
}

/** Adds up the coverage of the parts of a data set, field by field. */
export function addCoverage(sum: readonly FieldCoverage[], part: readonly FieldCoverage[]): FieldCoverage[] {
  const counts = ["rows", "missing", "filled", "unseen", "outside", "cut", "empty"] as const;
  return sum.map((field, f) => {
    const respelled = field.respelled ?? part[f].respelled;
    const added = { ...field, ...(respelled && { respelled }) };
    for (const key of counts) {
      const count = (field[key] ?? 0) + (part[f][key] ?? 0);
      if (count > 0) Object.assign(added, { [key]: count });
    }
    return added;
  });
}
