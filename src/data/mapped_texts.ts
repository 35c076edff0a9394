/**
 * Texts of blocks that are made of other texts, each once.
 *
 * @module
 */
import type { RowFault } from "./rejections.ts";
import type { CodedCells } from "./text_pool.ts";

/** What was made of a list of texts, in its order. */
interface Made {
  readonly texts: (string | undefined)[];
  /** Numbers of the texts that nothing can be made of. */
  readonly wrong: Set<number>;
}

/** Makes texts of texts. */
export class MappedTexts {
  readonly #make: (text: string | undefined) => string | undefined | RowFault;
  /** Each thread that cuts has lists of its own. */
  readonly #lists = new WeakMap<CodedCells["texts"], Made>();

  /** @param make makes a text, or says what is wrong; the same whenever it is asked */
  constructor(make: (text: string | undefined) => string | undefined | RowFault) {
    this.#make = make;
  }

  /** Returns the cells that are made of those of a block, and marks the rows of which none can be made. */
  map({ texts, codes }: CodedCells, refused: Uint8Array): CodedCells {
    let made = this.#lists.get(texts);
    if (!made) this.#lists.set(texts, made = { texts: [], wrong: new Set() });
    for (let number = made.texts.length; number < texts.length; number++) {
      const text = this.#make(texts[number]);
      if (typeof text === "object") made.wrong.add(number);
      made.texts.push(typeof text === "object" ? undefined : text);
    }
    markWrong(codes, made.wrong, refused);
    return { texts: made.texts, codes };
  }
}

/** Marks the rows whose text is one of those that are wrong. */
export function markWrong(codes: Uint32Array, wrong: ReadonlySet<number>, refused: Uint8Array): void {
  if (wrong.size === 0) return;
  for (let row = 0; row < codes.length; row++) if (wrong.has(codes[row])) refused[row] = 1;
}
