/**
 * Weighted sums of experts, with weights of each row.
 *
 * @module
 */
import source from "../../../shaders/dense/expert_mixture.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";

/** Which experts a sum is over. */
export interface ExpertPlaces {
  /** Experts that only one sum has: the first ones, in the order of the sums. @default {0} */
  readonly own?: number;
  /** Number of the first expert that all sums have. @default {S own} */
  readonly first?: number;
}

interface Attributes {
  readonly own: number;
  readonly first: number;
}

interface Sizes {
  readonly sums: number;
  readonly width: number;
  readonly experts: number;
  readonly units: number;
}

function sizesOf(gates: Tensor, experts: Tensor): Sizes {
  const [sums, width] = gates.shape.slice(1).map(Number);
  const [count, units] = experts.shape.slice(1).map(Number);
  return { sums, width, experts: count, units };
}

const mixtureOp: Op<Attributes> = {
  name: "expert_mixture",
  outputs: ([gates, experts], { own, first }) => {
    const { sums, width, experts: count, units } = sizesOf(gates, experts);
    const areCubes = [gates, experts].every(({ shape }) => shape.length === 3 && shape[0] === "B");
    const fits = own >= 0 && own <= width && sums * own <= count && first >= 0 && first + width - own <= count;
    if (!areCubes || !fits) {
      throw new TypeError(
        `Cannot build expert_mixture: gates [B, S, J] must be of ${own} own experts and of others from ${first} on among ` +
          `experts [B, E, H], received ${formatShape(gates.shape)} and ${formatShape(experts.shape)}`,
      );
    }
    return [["B", sums, units]];
  },
  emit: (k, { inputs: [gates, experts], outputs: [y], attributes }) => {
    const sizes = sizesOf(gates, experts);
    emit(k, "forward", { gates, experts, y }, sizes, attributes, sizes.sums * lanesOf(sizes.units).count);
  },
  backward: ({ inputs: [gates, experts], attributes }, [dy]) =>
    dy ? [...applyAll(gradientOp, [gates, experts, dy], attributes)] : [],
};

const gradientOp: Op<Attributes> = {
  name: "expert_mixture_backward",
  outputs: ([gates, experts]) => [gates.shape, experts.shape],
  emit: (k, { inputs: [gates, experts, dy], outputs: [dGates, dExperts], attributes }) => {
    const sizes = sizesOf(gates, experts);
    const { count: lanes } = lanesOf(sizes.units);
    emit(k, "gate_gradient", { experts, dy, d_gates: dGates }, sizes, attributes, sizes.sums * sizes.width);
    emit(k, "expert_gradient", { gates, dy, d_experts: dExperts }, sizes, attributes, sizes.experts * lanes);
  },
};

/** Appends a kernel of so many invocations a row. */
function emit(
  k: Emitter,
  entry: string,
  bind: Record<string, Tensor>,
  { sums, width, experts, units }: Sizes,
  { own, first }: Attributes,
  invocations: number,
): void {
  const { part, count: lanes } = lanesOf(units);
  k.run({
    shader: shader("expert_mixture", { grid, ...part, expert_mixture: source }),
    entry,
    bind,
    params: { batch: k.batch, sums, own, shared_count: width - own, first, experts, lanes },
    grid: Math.ceil(k.batch * invocations / 64),
  });
}

/**
 * Mixes experts by gates of each row: y[b, s, :] = sum_j gates[b, s, j] experts[b, e(s, j), :].
 *
 * The first `own` gates of sum s are of experts s own, s own + 1, ..., which it alone has; the others of experts `first`,
 * first + 1, ..., which all sums have.
 *
 * @param gates `[B, S, J]`
 * @param experts `[B, E, H]`
 * @returns `[B, S, H]`
 * @throws {TypeError} when there are fewer experts than the gates are for
 */
export function mixExperts(gates: Tensor, experts: Tensor, { own = 0, first }: ExpertPlaces = {}): Tensor {
  return apply(mixtureOp, [gates, experts], { own, first: first ?? own * Number(gates.shape[1]) });
}
