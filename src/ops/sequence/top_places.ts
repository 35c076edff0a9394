/**
 * Choice of places of a history: those with the largest scores, or with the row of a field.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import equalSource from "../../../shaders/sequence/equal_places.wgsl" with { type: "text" };
import largest from "../../../shaders/sequence/largest.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/top_places.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { applyAll, type Op, type Output } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { placeGroup } from "./place_groups.ts";
import { requireLengths, requireShape } from "./places.ts";

const byScore = shader("top_places", { grid, largest, top_places: source });
const byRow = shader("equal_places", { grid, equal_places: equalSource });

/** Places of a history that were chosen. */
export interface ChosenPlaces {
  /** Numbers of the places, ascending, `[B, K]`, or `[B, G, K]` of G choices in each row; u32. */
  readonly places: Tensor;
  /** How many there are, `[B]` or `[B, G]`, u32. */
  readonly counts: Tensor;
}

function chosen(op: string, top: number, groups: readonly number[] = []): Output[] {
  if (!(Number.isInteger(top) && top > 0)) {
    throw new RangeError(`Cannot build ${op}: top must be a positive integer, received ${top}`);
  }
  return [{ shape: ["B", ...groups, top], dtype: "u32" }, { shape: ["B", ...groups], dtype: "u32" }];
}

/** What is chosen. */
interface TopAttributes {
  readonly top: number;
  /** Lists of scores that each row has. */
  readonly lists: number;
}

const topPlacesOp: Op<TopAttributes> = {
  name: "top_places",
  outputs: ([scores, lengths], { top, lists }) => {
    const groups = lists === 1 ? [] : [lists];
    const most = scores.shape.at(-1);
    if (scores.shape.join() !== ["B", ...groups, most].join() || typeof most !== "number") {
      throw new TypeError(
        `Cannot build top_places: scores must have shape [${["B", ...groups, "L"].join(", ")}], received ${
          formatShape(scores.shape)
        }`,
      );
    }
    requireLengths("top_places", lengths);
    return chosen("top_places", top, groups);
  },
  emit: (k, { inputs: [scores, lengths], outputs: [places, count], attributes: { top, lists } }) => {
    const most = Number(scores.shape.at(-1));
    const { rows, per } = placeGroup(k.gpu.profile, { places: most, heads: 1, selects: true });
    k.run({
      shader: byScore,
      entry: "choose",
      bind: { scores, lengths, places, taken_count: count },
      constants: { TOP: top, ROWS: rows, PER: per, LISTS: lists },
      params: { batch: k.batch * lists, places: most },
      grid: Math.ceil(k.batch * lists / rows),
    });
  },
  backward: () => [],
};

interface EqualAttributes {
  readonly top: number;
  readonly field: number;
  readonly member: number;
  readonly members: number;
}

const equalPlacesOp: Op<EqualAttributes> = {
  name: "equal_places",
  outputs: ([ids, history, lengths], { top, field, member, members }) => {
    requireShape("equal_places", "rows of fields", ids, [ids.shape[0], "B"]);
    requireShape("equal_places", "rows of a history", history, [history.shape[0], "B"]);
    requireLengths("equal_places", lengths);
    if (!(field < Number(ids.shape[0]) && member < members && Number(history.shape[0]) % members === 0)) {
      throw new RangeError(
        `Cannot build equal_places: a field and a sequence must be of those given, received ${field} and ${member}`,
      );
    }
    return chosen("equal_places", top);
  },
  emit: (k, { inputs: [ids, history, lengths], outputs: [places, count], attributes }) => {
    const { top, ...numbers } = attributes;
    k.run({
      shader: byRow,
      entry: "choose",
      bind: { ids, history, lengths, places, taken_count: count },
      constants: { TOP: top },
      params: { batch: k.batch, ...numbers },
      grid: Math.ceil(k.batch / 64),
    });
  },
  backward: () => [],
};

/**
 * Chooses the places of a history with the `top` largest scores, the newer one among equals; all where a row has no
 * more. No gradient flows.
 *
 * @param scores `[B, L]`, or `[B, G, L]` with G lists of scores for each row; those past the end of a history do not count
 * @param lengths `[B]`, u32
 * @throws {TypeError} when a shape differs
 * @throws {RangeError} when `top` is no positive integer
 */
export function topPlaces(scores: Tensor, lengths: Tensor, top: number, lists = 1): ChosenPlaces {
  const [places, counts] = applyAll(topPlacesOp, [scores, lengths], { top, lists });
  return { places, counts };
}

/**
 * Chooses the newest `top` places of a history whose row, in one of its sequences, is the row of a field. No gradient
 * flows.
 *
 * @param ids rows of fields `[F, B]`, u32
 * @param history rows of M sequences `[L M, B]`, u32
 * @param lengths `[B]`, u32
 * @throws {TypeError} when a shape differs
 * @throws {RangeError} when there is no such field or sequence, or `top` is no positive integer
 */
export function equalPlaces(
  ids: Tensor,
  history: Tensor,
  lengths: Tensor,
  attributes: {
    /** Most places. */
    readonly top: number;
    /** Number of the field. */
    readonly field: number;
    /** Number of the sequence. */
    readonly member: number;
    /** Sequences M of the history. */
    readonly members: number;
  },
): ChosenPlaces {
  const [places, counts] = applyAll(equalPlacesOp, [ids, history, lengths], attributes);
  return { places, counts };
}
