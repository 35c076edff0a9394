/**
 * Work in pieces, of which the next is submitted before the one before has come back.
 *
 * @module
 */

/** Pieces under way at a time. */
const UNDER_WAY = 2;

/**
 * Does work from `start` to before `end` in pieces of `size`.
 *
 * The part of `work` before its first `await` is all that goes to the device; its promise settles when the piece is back.
 */
export async function overlap(
  end: number,
  size: number,
  work: (start: number, end: number) => Promise<void>,
): Promise<void> {
  const pieces: Promise<void>[] = [];
  try {
    for (let start = 0; start < end; start += size) {
      pieces.push(work(start, Math.min(start + size, end)));
      await pieces[pieces.length - UNDER_WAY];
    }
    await Promise.all(pieces);
  } finally {
    await Promise.allSettled(pieces);
  }
}
