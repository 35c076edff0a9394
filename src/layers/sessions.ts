/**
 * Histories in pieces: sessions of what a user did, or a number of neighboring places each.
 *
 * @module
 */
import type { Tensor } from "../graph/tensor.ts";
import { pieceLengths } from "../ops/sequence/latest.ts";
import { placesOf } from "../ops/sequence/places.ts";
import { sessionPlaces } from "../ops/sequence/session_places.ts";
import { takePlaces } from "../ops/sequence/take_places.ts";
import { pad } from "../ops/shape/concat.ts";
import { flatten, reshape } from "../ops/shape/reshape.ts";
import type { History } from "./embedding.ts";
import type { Places } from "./history_attention.ts";
import type { Input } from "./input.ts";

/** Pieces of histories, the oldest first, each with room for as many places. */
export interface Pieces extends Places {
  /** Vectors of the places, `[B, S T, N]`: S pieces of T places. */
  readonly x: Tensor;
  /** Places of each piece that are there, `[B, S]`. */
  readonly lengths: Tensor;
  /** Most pieces S of a row. */
  readonly most: number;
  /** Pieces of each row that are there, `[B]`. */
  readonly counts: Tensor;
}

/**
 * Cuts a history into pieces of `size` neighboring places, of which the first begins with the oldest place and the last may
 * have fewer.
 *
 * @throws {RangeError} when `size` is not a positive integer
 */
export function cutPieces({ x, lengths: all }: Places, size: number): Pieces {
  const { places, width } = placesOf("cut_pieces", x);
  if (!(Number.isInteger(size) && size > 0)) {
    throw new RangeError(`Cannot cut pieces: a piece must have a positive number of places, received ${size}`);
  }
  const most = Math.ceil(places / size);
  const filled = most * size === places ? x : reshape(pad(flatten(x), most * size * width), ["B", most * size, width]);
  const { lengths, pieces: counts } = pieceLengths(all, size, most);
  return { x: filled, lengths, most, counts };
}

/** Options of {@linkcode cutSessions}. */
export interface CutSessionsOptions {
  /** Name of a sequence along the history whose value changes where a session begins. */
  sequence: string;
  /** Most sessions, the latest. @default {5} */
  sessions?: number;
  /** Most places of a session, the latest. @default {10} */
  size?: number;
}

/**
 * Cuts a history into sessions: neighboring places at which a sequence along it has the same row.
 *
 * @param x the batch's occurrences
 * @throws {RangeError} when there is no such sequence, or a count is no positive integer
 */
export function cutSessions(x: Input, history: History, options: CutSessionsOptions): Pieces {
  const { sequence, sessions: most = 5, size = 10 } = options;
  const { sequences, ids } = x.histories!.find(({ name }) => name === history.name)!;
  const member = sequences.findIndex(({ name }) => name === sequence);
  if (member < 0) {
    throw new RangeError(
      `Cannot cut sessions: the sequences along the history are ${
        sequences.map(({ name }) => name).join(", ")
      }, received "${sequence}"`,
    );
  }
  const chosen = sessionPlaces(ids, history.lengths, { sessions: most, size, member, members: sequences.length });
  return { x: takePlaces(history.items, chosen), lengths: chosen.counts, most, counts: chosen.sessions };
}
