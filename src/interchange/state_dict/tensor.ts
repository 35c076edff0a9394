/**
 * Tensors on their way from another tool: renamed, turned and put together.
 *
 * @module
 */

/** A tensor with a name. */
export interface NamedTensor {
  /** Name. */
  readonly name: string;
  /** Sizes of the dimensions. */
  readonly shape: readonly number[];
  /** Elements, row-major. */
  readonly data: ArrayLike<number>;
}

/** Gives tensors other names and layouts. */
export type Convert = (tensors: readonly NamedTensor[]) => readonly NamedTensor[];

/** A pattern of names, and what takes the place of what it matches. */
export type Rule = readonly [pattern: RegExp, replacement: string | ((match: string, ...groups: string[]) => string)];

/** Returns the name by the first rule that matches it; undefined where none does. */
export function nameBy(rules: readonly Rule[], name: string): string | undefined {
  const rule = rules.find(([pattern]) => pattern.test(name));
  // The overloads of replace take a text or a function, not either.
  return rule && name.replace(rule[0], rule[1] as string);
}

/** Renames tensors: the first rule that matches a name replaces what it matches. */
export function rename(...rules: readonly Rule[]): Convert {
  return each((tensor) => ({ ...tensor, name: nameBy(rules, tensor.name) ?? tensor.name }));
}

/** Converts each tensor for itself. */
export function each(convert: (tensor: NamedTensor) => NamedTensor): Convert {
  return (tensors) => tensors.map(convert);
}

/** Converts the tensors whose names match. */
export function eachOf(names: RegExp, convert: (tensor: NamedTensor) => NamedTensor): Convert {
  return each((tensor) => names.test(tensor.name) ? convert(tensor) : tensor);
}

/** Applies conversions one after the other. */
export function inTurn(...conversions: readonly Convert[]): Convert {
  return (tensors) => conversions.reduce((converted, convert) => convert(converted), tensors);
}

/** Returns a tensor whose element i is element `from(i)` of another. */
export function gather(
  { name, data }: Pick<NamedTensor, "name" | "data">,
  shape: readonly number[],
  from: (i: number) => number,
): NamedTensor {
  const gathered = new Float32Array(shape.reduce((product, size) => product * size, 1));
  for (let i = 0; i < gathered.length; i++) gathered[i] = data[from(i)];
  return { name, shape, data: gathered };
}

/** Turns a matrix. */
export function transpose(tensor: NamedTensor): NamedTensor {
  const [rows, columns] = tensor.shape;
  return gather(tensor, [columns, rows], (i) => (i % rows) * columns + Math.floor(i / rows));
}

/** Turns stacks of matrices, [S, N, M] to [S, M, N], where the name matches. */
export function transposeEach(names: RegExp): Convert {
  return eachOf(names, (tensor) => {
    const [count, rows, columns] = tensor.shape;
    return gather(tensor, [count, columns, rows], (i) => {
      const [stack, at] = [Math.floor(i / (rows * columns)), i % (rows * columns)];
      return (stack * rows + at % rows) * columns + Math.floor(at / rows);
    });
  });
}

/** Returns the same elements in another shape. */
export function reshape(tensor: NamedTensor, shape: readonly number[]): NamedTensor {
  return { ...tensor, shape };
}

/** Puts tensors one behind the other. */
export function concatenate(name: string, shape: readonly number[], parts: readonly NamedTensor[]): NamedTensor {
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let position = 0;
  for (const part of parts) {
    data.set(part.data, position);
    position += part.data.length;
  }
  return { name, shape, data };
}

/** Puts tensors of one shape `[..., N]` side by side in the last dimension. */
export function sideBySide(name: string, parts: readonly NamedTensor[]): NamedTensor {
  const { shape } = parts[0];
  const width = shape[shape.length - 1];
  const joined = { name, data: concatenate(name, [], parts).data };
  const size = parts[0].data.length;
  return gather(joined, [...shape.slice(0, -1), width * parts.length], (i) => {
    const [row, column] = [Math.floor(i / (width * parts.length)), i % (width * parts.length)];
    return Math.floor(column / width) * size + row * width + column % width;
  });
}

/**
 * Stacks vectors of numbered layers as rows of one tensor.
 *
 * @param names captures in `kind` what stays of a name, and matches those to stack
 * @param to name of the stack of a kind
 */
export function stack(names: RegExp, to: (kind: string) => string): Convert {
  return (tensors) => {
    const stacks = new Map<string, NamedTensor[]>();
    const others = tensors.filter((tensor) => {
      const kind = names.exec(tensor.name)?.groups?.kind;
      if (kind !== undefined) stacks.set(kind, [...(stacks.get(kind) ?? []), tensor]);
      return kind === undefined;
    });
    const stacked = [...stacks].map(([kind, parts]) => {
      const { shape } = parts[0];
      return concatenate(to(kind), [parts.length, shape[shape.length - 1]], parts);
    });
    return [...others, ...stacked];
  };
}
