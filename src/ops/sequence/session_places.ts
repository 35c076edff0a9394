/**
 * Sessions of a history.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/session_places.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { applyAll, type Op } from "../../graph/node.ts";
import type { Shape, Tensor } from "../../graph/tensor.ts";
import { requireLengths, requireShape } from "./places.ts";
import type { ChosenPlaces } from "./top_places.ts";

const kernels = shader("session_places", { grid, session_places: source });

/** Which sessions are taken. */
export interface SessionAttributes {
  /** Most sessions S, the latest. */
  readonly sessions: number;
  /** Most places T of a session, the latest. */
  readonly size: number;
  /** Number of the sequence whose rows are equal within a session. */
  readonly member: number;
  /** Sequences M of the history. */
  readonly members: number;
}

/** Places of sessions. */
export interface SessionPlaces extends ChosenPlaces {
  /** Numbers of the places, ascending, `[B, S, T]`, u32. */
  readonly places: Tensor;
  /** Places of each session, `[B, S]`, u32. */
  readonly counts: Tensor;
  /** Sessions of each row, `[B]`, u32. */
  readonly sessions: Tensor;
}

const sessionOp: Op<SessionAttributes> = {
  name: "session_places",
  outputs: ([history, lengths], { sessions, size, member, members }) => {
    requireShape("session_places", "rows of a history", history, [history.shape[0], "B"]);
    requireLengths("session_places", lengths);
    for (const [name, count] of Object.entries({ sessions, size })) {
      if (Number.isInteger(count) && count > 0) continue;
      throw new RangeError(`Cannot build session_places: ${name} must be a positive integer, received ${count}`);
    }
    if (!(member < members && Number(history.shape[0]) % members === 0)) {
      throw new RangeError(
        `Cannot build session_places: the sequence must be one of ${members}, received number ${member}`,
      );
    }
    const shapes: Shape[] = [["B", sessions, size], ["B", sessions], ["B"]];
    return shapes.map((shape) => ({ shape, dtype: "u32" }));
  },
  emit: (k, { inputs: [history, lengths], outputs: [places, counts, sessions], attributes }) => {
    const { sessions: most, size, ...numbers } = attributes;
    k.run({
      shader: kernels,
      entry: "choose",
      bind: { history, lengths, places, counts, sessions },
      constants: { SESSIONS: most, SIZE: size },
      params: { batch: k.batch, ...numbers },
      grid: Math.ceil(k.batch / 64),
    });
  },
  backward: () => [],
};

/**
 * Finds the latest sessions of a history: runs of neighboring places with the same row of one of its sequences. No gradient
 * flows.
 *
 * @param history rows of M sequences `[L M, B]`, u32
 * @param lengths `[B]`, u32
 * @throws {TypeError} when a shape differs
 * @throws {RangeError} when there is no such sequence, or a count is no positive integer
 */
export function sessionPlaces(history: Tensor, lengths: Tensor, attributes: SessionAttributes): SessionPlaces {
  const [places, counts, sessions] = applyAll(sessionOp, [history, lengths], attributes);
  return { places, counts, sessions };
}
