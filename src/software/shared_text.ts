/**
 * Text of what the invocations of a subgroup fetch for all of them.
 *
 * @module
 */
import { range } from "./unrolled.ts";

/** Kernels with factors in images whose invocations share what they fetch, by the size of their subgroups. */
export type SharedVariant = "shared4" | "shared8" | "shared16";

/** Texels that all invocations of a subgroup need. */
export interface SharedTexels {
  /** Name of the image. */
  readonly image: string;
  /** Invocations of a subgroup. */
  readonly shared: number;
  /** What the texels are called, in order. */
  readonly names: readonly string[];
  /** Writes the place of a texel, given its number. */
  readonly at: (number: string) => string;
}

/** Writes the statements: each invocation fetches some texels and hands them on; `i` is its index. */
export function sharedTexels({ image, shared, names, at }: SharedTexels): string[] {
  const [first] = names;
  const last = names.length - 1;
  return [
    ...range(Math.ceil(names.length / shared)).flatMap((part) => {
      const number = `${part * shared}u + i % ${shared}u`;
      return [
        `    let ${first}_part${part} = ${(part + 1) * shared > names.length ? `min(${number}, ${last}u)` : number};`,
        `    let ${first}_texel${part} = textureLoad(${image}, texel(${at(`${first}_part${part}`)}));`,
      ];
    }),
    ...names.map((name, k) =>
      `    let ${name} = subgroupBroadcast(${first}_texel${Math.floor(k / shared)}, ${k % shared}u);`
    ),
  ];
}
