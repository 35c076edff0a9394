/**
 * From the names of a tool's `state_dict` to plain ones, which `layout.ts` lists.
 *
 * @module
 */
import { nameBy, type NamedTensor, type Rule } from "./tensor.ts";

/** Names of a model's tensors in a `state_dict`. The first rule that matches decides. */
export interface Names {
  /** What stands in front of a field's name and `.weight`, to the kind of the table. */
  readonly tables: readonly Rule[];
  /** Prefixes of `nn.Sequential`, whose numbers count activations and dropout too. */
  readonly sequences: readonly Rule[];
  /** All other names. */
  readonly rules: readonly Rule[];
  /** Returns what matches tensors that do not change what the model computes, among those of the given names. */
  readonly unused?: (names: readonly string[]) => RegExp;
}

/** A tensor of a table, of which the rows of one field are in it. */
export interface FieldTable {
  /** Kind of the table. */
  readonly kind: string;
  /** Name of the field. */
  readonly field: string;
  /** The tensor under its first name. */
  readonly tensor: NamedTensor;
}

/** Tensors with plain names, and those of tables apart. */
export interface Named {
  /** Tensors of tables. */
  readonly tables: readonly FieldTable[];
  /** Other tensors; those that no rule matches have their first names. */
  readonly dense: readonly NamedTensor[];
}

/** A field's tensor in an `nn.ModuleDict` of FuxiCTR or DeepCTR-Torch. */
const FIELD = /^(.*?)(?:embedding_layers|embedding_dict|output_emb_layer)\.([^.]+)\.weight$/;

/** A tensor of `nn.Sequential`: its number there, and the name behind it. */
interface Part {
  readonly place: number;
  readonly rest: string;
  readonly tensor: NamedTensor;
}

/** Gives the tensors of a `state_dict` plain names. */
export function nameTensors(tensors: readonly NamedTensor[], { tables, sequences, rules }: Names): Named {
  const found: FieldTable[] = [];
  const numbered = new Map<string, Part[]>();
  const dense: NamedTensor[] = [];
  for (const tensor of tensors) {
    const [, prefix, field] = FIELD.exec(tensor.name) ?? [];
    const kind = prefix === undefined ? undefined : nameBy(tables, prefix);
    if (kind !== undefined) {
      found.push({ kind, field, tensor });
      continue;
    }
    const part = splitSequence(tensor.name, sequences);
    if (part) numbered.set(part.to, [...(numbered.get(part.to) ?? []), { ...part, tensor }]);
    else dense.push({ ...tensor, name: nameBy(rules, tensor.name) ?? tensor.name });
  }
  for (const [to, parts] of numbered) dense.push(...numberLayers(to, parts));
  return { tables: found, dense };
}

/** Cuts a name at the first number behind a prefix that is one of `nn.Sequential`. */
function splitSequence(name: string, sequences: readonly Rule[]): Omit<Part, "tensor"> & { to: string } | undefined {
  for (const { 1: place, index } of name.matchAll(/\.(\d+)(?=\.)/g)) {
    const to = nameBy(sequences, name.slice(0, index));
    if (to !== undefined) return { to, place: Number(place), rest: name.slice(index + place.length + 2) };
  }
}

/** Counts the layers of weights; batch norm and Dice belong to the layer before them. */
function numberLayers(to: string, parts: readonly Part[]): NamedTensor[] {
  const places = [...new Set(parts.map(({ place }) => place))].sort((a, b) => a - b);
  let layer = -1;
  return places.flatMap((place) => {
    const own = parts.filter((part) => part.place === place);
    const has = (name: string) => own.some(({ rest }) => rest === name);
    if (own.some(({ rest, tensor }) => rest === "weight" && tensor.shape.length > 1)) layer++;
    const kind = has("running_mean") ? ".bn" : has("alpha") ? ".dice" : "";
    return own.map(({ rest, tensor }) => ({
      ...tensor,
      // What stands in front of the first layer of weights keeps its name: no model has it.
      name: layer < 0 ? tensor.name : `${to}.${layer}${kind}.${rest}`,
    }));
  });
}
