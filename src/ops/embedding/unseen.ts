/**
 * Occurrences replaced in training by the rows of unseen values, on the host: the same bits as the device's.
 *
 * @module
 */

/** In place of a row: the field's occurrences are not replaced. */
export const KEPT = 0xffffffff;

/** Number of the draws, apart from those of dropout layers, which count from 0. */
export const UNSEEN_SALT = 0x756e7365;

/** Step and batch whose occurrences are replaced. */
export interface UnseenStep {
  /** Number of the step since training began, from 1. */
  readonly index: number;
  /** Seed of the draws. */
  readonly seed: number;
  /** Valid rows of the batch. */
  readonly rows: number;
}

/** Returns the number out of 2^32 below which a draw chooses a row, so that a share of all occurrences is replaced. */
export function chosenBelow(share: number): number {
  // A chosen row replaces half of its occurrences on average.
  return Math.min(Math.floor(2 * share * 2 ** 32), 0xffffffff);
}

/**
 * Replaces occurrences in place, as `shaders/embedding/unseen.wgsl` does.
 *
 * @param ids row numbers `[F, B]`
 * @param substitutes two rows for each field, or {@linkcode KEPT}
 * @param share share of the occurrences that is replaced on average
 */
export function substituteUnseen(
  ids: Uint32Array,
  batch: number,
  substitutes: Uint32Array,
  share: number,
  { index, seed, rows }: UnseenStep,
): void {
  const fields = substitutes.length / 2;
  const below = chosenBelow(share);
  const key = pcg(index ^ pcg(UNSEEN_SALT ^ pcg(seed)));
  for (let b = 0; b < rows; b++) {
    const chance = pcg(b ^ key);
    if (chance >= below) continue;
    const rate = pcg(chance);
    for (let f = 0; f < fields; f++) {
      const draw = pcg(((f + 1) * batch + b) ^ key);
      if (draw >= rate) continue;
      const row = substitutes[2 * f + (pcg(draw) & 1)];
      if (row !== KEPT) ids[f * batch + b] = row;
    }
  }
}

/** Hashes a word as `shaders/common/random.wgsl` does. */
function pcg(word: number): number {
  const state = (Math.imul(word, 747796405) + 2891336453) >>> 0;
  const mixed = Math.imul((state >>> ((state >>> 28) + 4)) ^ state, 277803737) >>> 0;
  return ((mixed >>> 22) ^ mixed) >>> 0;
}
