/**
 * Layouts of models of several tasks: networks beside each other are one tensor.
 *
 * @module
 */
import type { Layout, Shapes } from "../layout.ts";
import { concatenate, type Convert, inTurn, type NamedTensor, transpose } from "../tensor.ts";

/** Dense layers that are one tensor in Weft, in order; `apart` where each reads columns of its own. */
export interface Stack {
  /** Names of the layers. */
  readonly from: readonly string[];
  /** Name of the tensor. */
  readonly to: string;
  /** Whether each layer reads columns of its own. @default {false} */
  readonly apart?: boolean;
}

/** Stacks weights [out, in] to [G out, in], or to [G, in, out] where inputs are apart, and biases to [G out]. */
export function stacked(stacks: readonly Stack[]): Convert {
  return (tensors) => {
    const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
    const taken = new Set<string>();
    const joined: NamedTensor[] = [];
    for (const { from, to, apart } of stacks) {
      for (const kind of ["weight", "bias"]) {
        const parts = from.flatMap((name) => byName.get(`${name}.${kind}`) ?? []);
        if (parts.length === 0) continue;
        for (const { name } of parts) taken.add(name);
        joined.push(join(`${to}.${kind}`, parts, apart ?? false));
      }
    }
    return [...tensors.filter(({ name }) => !taken.has(name)), ...joined];
  };
}

function join(name: string, parts: readonly NamedTensor[], apart: boolean): NamedTensor {
  const [outs, inner] = parts[0].shape;
  if (inner === undefined) return concatenate(name, [parts.length * outs], parts);
  if (apart) return concatenate(name, [parts.length, inner, outs], parts.map(transpose));
  return concatenate(name, [parts.length * outs, inner], parts);
}

/** Returns stacks of networks `from.<network>.<layer>`; layers behind the first read columns of their own. */
export function networks(from: readonly string[], to: string, layers: number, apart = false): Stack[] {
  return Array.from({ length: layers }, (_, l) => ({
    from: from.map((name) => `${name}.${l}`),
    to: `${to}.${l}`,
    apart: apart || l > 0,
  }));
}

/** Counts the layers of a network of the model. */
function layersOf(model: Shapes, name: string): number {
  let layers = 0;
  while (Object.hasOwn(model, `${name}.${layers}.weight`)) layers++;
  return layers;
}

/** Returns the names `prefix.0`, `prefix.1`, ... up to the last that some tensor begins with. */
function numbered(tensors: readonly NamedTensor[], prefix: string): string[] {
  const names: string[] = [];
  while (tensors.some(({ name }) => name.startsWith(`${prefix}.${names.length}.`))) {
    names.push(`${prefix}.${names.length}`);
  }
  return names;
}

/** Stacks all networks `name.0`, `name.1`, ... that there are. */
const allOf = (model: Shapes, name: string, apart = false): Convert => (tensors) =>
  stacked(networks(numbered(tensors, name), name, layersOf(model, name), apart))(tensors);

/** The towers of a shared bottom. */
export const sharedBottom: Layout = (model) => allOf(model, "tower");

/** Experts and gates, and towers above a mixture of their own. */
export const mmoe: Layout = (model) =>
  inTurn(allOf(model, "expert"), allOf(model, "gate"), allOf(model, "tower", true));

/** Progressive layers of extraction; the gate that mixes for a next layer is unused in the last one. */
export const ple: Layout = (model) =>
  inTurn(
    (tensors) => numbered(tensors, "cgc").reduce((all, cgc, l) => extraction(model, cgc, l)(all), tensors),
    allOf(model, "tower", true),
  );

function extraction(model: Shapes, cgc: string, l: number): Convert {
  return (tensors) => {
    const own = numbered(tensors, `${cgc}.own`).flatMap((task) => numbered(tensors, task));
    const tasks = numbered(tensors, `${cgc}.own`).length;
    const experts = [...own, ...numbered(tensors, `${cgc}.shared`)];
    const to = `extraction.${l}`;
    const gates = Array.from({ length: tasks }, (_, task) => `${cgc}.gate.${task}`);
    const shared = layersOf(model, `${to}.shared_gate`);
    const stacks = [
      ...networks(experts, `${to}.expert`, layersOf(model, `${to}.expert`), l > 0),
      ...networks(gates, `${to}.gate`, layersOf(model, `${to}.gate`), l > 0),
      ...networks([`${cgc}.gate.${tasks}`], `${to}.shared_gate`, shared),
    ];
    const used = tensors.filter(({ name }) => shared > 0 || !name.startsWith(`${cgc}.gate.${tasks}.`));
    return stacked(stacks)(used);
  };
}
