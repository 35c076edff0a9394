/**
 * Text of products over the field axis: register blocks, unrolled, because a loop over a block would have to index
 * private memory. One operand may be the product of two rows of fields, which is formed when it is loaded.
 *
 * @module
 */
import { fieldHeader, fromBuffer, fromImage, type Read } from "./text.ts";
import { sharedTexels } from "../shared_text.ts";
import { openEntry, range } from "../unrolled.ts";

/** Invocations of a workgroup of the kernels made here. */
export const FIELD_LANES = 32;

/** Columns h of dW that one invocation of `gradient` sums. */
export const GRADIENT_OUTS = 8;

/** What the text is unrolled for. */
export interface FieldBlock {
  /** Rows h that one invocation of `product` computes, a multiple of 4. */
  readonly outs: number;
  /** Fours of columns that one invocation of `product` computes. */
  readonly columns: number;
  /** Fours of columns that one invocation of `inputs` computes. */
  readonly inputColumns: number;
  /** Terms that are added to a sum before the next sum's turn comes. */
  readonly terms: number;
  /** Rows i and j of pairs whose weights one invocation of `gradient` takes. */
  readonly edge: number;
  /** Whether factors come from images; then image.wgsl is needed. */
  readonly images: boolean;
  /** Invocations of a subgroup, each of which fetches some of what all of them need; 1 where each fetches its own. */
  readonly shared: number;
}

/** Returns after an invocation without work has fetched what its subgroup needs of it, or at once. */
function leaving({ shared }: FieldBlock, condition: string): [early: string[], late: string[]] {
  const leave = [`  if (${condition}) { return; }`];
  return shared > 1 ? [[], leave] : [leave, []];
}

/** Writes the kernels. */
export function fieldProductSource(block: FieldBlock): string {
  const read = block.images ? fromImage : fromBuffer;
  const parts = [fieldHeader(read), productSource(block, read), gradientSource(block, read)];
  return (block.edge === 4 ? [...parts, inputsSource(block, read)] : parts).join("\n");
}

function productSource(block: FieldBlock, read: Read): string {
  const { outs, columns, terms, shared } = block;
  const quads = range(outs / 4);
  const n = range(columns);
  const at = range(terms);
  const cells = range(outs).flatMap((h) => n.map((q) => [h, q]));
  /** Terms past the last one read its factor again and count as zeros. */
  const guarded = (t: number, number: string): string =>
    t === 0 ? number : `select(vec4f(), ${number}, s + ${t}u < params.right)`;
  const more = (t: number): string => t === 0 ? "" : ` + more${t}`;
  const left = n.map((q) => `    let left${q} = ${read("x", `x${q} + r * params.in_lanes`)};`);
  const [opens, closes] = terms === 1 ? twoLoops(left) : oneLoop(left, terms);
  const [early, late] = leaving(block, "first >= params.columns");
  const weights = at.flatMap((t) => quads.map((c) => `w${c}_${t}`));
  return [
    openEntry("product", FIELD_LANES),
    `  let quads = (params.outs + 3u) / 4u;`,
    `  let across = (quads + ${quads.length - 1}u) / ${quads.length}u;`,
    ...shared > 1
      ? [
        `  let unit = i / ${shared}u;`,
        `  let first = (unit / across * ${shared}u + i % ${shared}u) * ${columns}u;`,
        `  let h = unit % across * ${quads.length}u;`,
      ]
      : [`  let first = i / across * ${columns}u;`, ...early, `  let h = i % across * ${quads.length}u;`],
    ...quads.map((c) => `  let h${c} = min(h + ${c}u, quads - 1u);`),
    ...n.flatMap((q) => [
      `  let n${q} = min(first + ${q}u, params.columns - 1u);`,
      `  let x${q} = place_in(n${q});`,
      `  let row${q} = row_of(n${q});`,
      `  let y${q} = place(n${q}, params.right);`,
    ]),
    ...cells.map(([h, q]) => `  var sum${h}_${q} = vec4f();`),
    `  var k = 0u;`,
    ...opens,
    ...at.slice(1).map((t) => `      let more${t} = min(${t}u, params.right - 1u - s);`),
    ...at.flatMap((t) => n.map((q) => `      var p${q}_${t} = left${q};`)),
    `      if (SHIFTED) {`,
    ...at.flatMap((t) =>
      n.map((q) => `        p${q}_${t} = ${guarded(t, `shifted(x${q} + r * params.in_lanes, row${q} + s + ${t}u)`)};`)
    ),
    `      } else if (PAIRS) {`,
    ...at.flatMap((t) =>
      n.map((q) => `        p${q}_${t} *= ${guarded(t, read("y", `y${q} + (s${more(t)}) * params.lanes`))};`)
    ),
    `      } else {`,
    ...at.flatMap((t) =>
      n.map((q) => `        p${q}_${t} = ${guarded(t, read("x", `x${q} + (s${more(t)}) * params.lanes`))};`)
    ),
    `      }`,
    ...shared > 1
      ? sharedTexels({
        image: "w",
        shared,
        names: weights,
        at: (n) =>
          `(k + min(${n} / ${quads.length}u, params.right - 1u - s)) * quads + min(h + ${n} % ${quads.length}u, quads - 1u)`,
      })
      : at.flatMap((t) => quads.map((c) => `      let w${c}_${t} = ${read("w", `(k${more(t)}) * quads + h${c}`)};`)),
    ...n.flatMap((q) =>
      range(outs).map((h) => {
        const sum = `sum${h}_${q}`;
        return "      " +
          at.map((t) => `${sum} = fma(vec4f(w${h >> 2}_${t}.${"xyzw"[h & 3]}), p${q}_${t}, ${sum});`).join(" ");
      })
    ),
    `      k += min(${terms}u, params.right - s);`,
    ...closes,
    ...late,
    ...n.map((q) => `  let z${q} = place(params.first + n${q}, params.outs);`),
    ...cells.map(([row, q]) => `  store(z${q}, 4u * h + ${row}u, sum${row}_${q});`),
    `}\n`,
  ].join("\n");
}

/** Opens and closes loops over r and s, the one in the other: the left row is read once. */
function twoLoops(left: readonly string[]): [string[], string[]] {
  return [
    [
      `  for (var r = 0u; r < params.left; r++) {`,
      ...left,
      `    for (var s = select(0u, r, FOLDED); s < params.right; s++) {`,
    ],
    [`    }`, `  }`],
  ];
}

/** Opens and closes one loop over both: with many sums a second loop costs more than reading the left row again. */
function oneLoop(left: readonly string[], terms: number): [string[], string[]] {
  return [
    [`  var r = 0u;`, `  var s = 0u;`, `  while (r < params.left) {`, ...left],
    [
      `    s += ${terms}u;`,
      `    let ends = s >= params.right;`,
      `    r += u32(ends);`,
      `    s = select(s, select(0u, r, FOLDED), ends);`,
      `  }`,
    ],
  ];
}

function gradientSource({ edge, shared }: FieldBlock, read: Read): string {
  const side = range(edge);
  const block = range(edge * edge);
  const outs = range(GRADIENT_OUTS);
  const cells = block.flatMap((k) => outs.map((h) => [k, h]));
  return [
    openEntry("gradient", FIELD_LANES),
    `  let across = (params.outs + ${outs.length - 1}u) / ${outs.length}u;`,
    ...shared > 1
      ? [
        `  let unit = i / ${shared}u;`,
        `  let down = (params.tiles + ${shared - 1}u) / ${shared}u;`,
        `  let slice = unit / (across * down);`,
        `  let number = unit / across % down * ${shared}u + i % ${shared}u;`,
        `  let h = unit % across * ${outs.length}u;`,
      ]
      : [
        `  let slice = i / (across * params.tiles);`,
        `  let number = i / across % params.tiles;`,
        `  let h = i % across * ${outs.length}u;`,
      ],
    `  let first = slice * params.slice;`,
    `  if (first >= params.columns) { return; }`,
    `  let tile = ${edge}u * tile_of(min(number, params.tiles - 1u), ${edge}u);`,
    ...outs.map((o) => `  let h${o} = min(h + ${o}u, params.outs - 1u) * params.lanes;`),
    ...side.flatMap((c) => [
      `  let a${c} = min(tile.x + ${c}u, params.left - 1u) * params.in_lanes;`,
      `  let b${c} = min(tile.y + ${c}u, params.right - 1u) * params.lanes;`,
    ]),
    ...block.map((k) => `  let k${k} = term(tile, ${Math.floor(k / edge)}u, ${k % edge}u, ${edge}u);`),
    ...block.map((k) => `  let at${k} = place_of_term(min(k${k}, params.terms - 1u));`),
    ...cells.map(([k, o]) => `  var sum${k}_${o} = 0.0;`),
    `  let end = min(first + params.slice, params.columns);`,
    `  for (var n = first; n < end; n++) {`,
    `    let left = place_in(n);`,
    `    let right = place(n, params.right);`,
    `    let row = row_of(n);`,
    `    let out = place(n, params.outs);`,
    ...shared > 1
      ? sharedTexels({
        image: "dz",
        shared,
        names: outs.map((o) => `d${o}`),
        at: (n) => `out + min(h + ${n}, params.outs - 1u) * params.lanes`,
      })
      : outs.map((o) => `    let d${o} = ${read("dz", `out + h${o}`)};`),
    ...block.map((k) => `    var p${k} = vec4f();`),
    `    if (PAIRS) {`,
    ...side.flatMap((c) => [
      `      let left${c} = ${read("x", `left + a${c}`)};`,
      `      let right${c} = ${read("y", `right + b${c}`)};`,
    ]),
    ...block.map((k) => `      p${k} = left${Math.floor(k / edge)} * right${k % edge};`),
    `    } else if (SHIFTED) {`,
    ...block.map((k) => `      p${k} = shifted(left + at${k}.x, row + at${k}.y);`),
    `    } else {`,
    ...block.map((k) => `      p${k} = ${read("x", `left + at${k}.x`)};`),
    `    }`,
    ...cells.map(([k, o]) => `    sum${k}_${o} = add_dot(p${k}, d${o}, sum${k}_${o});`),
    `  }`,
    `  if (number >= params.tiles) { return; }`,
    `  let at = (params.first / params.slice + slice) * params.terms * params.outs;`,
    ...cells.map(([k, o]) => `  keep(at, k${k}, h + ${o}u, sum${k}_${o});`),
    `}\n`,
  ].join("\n");
}

/** Gradients by both rows of pairs: a tile of v = w dz at a time, so that v serves both. Weights of a tile are fours. */
function inputsSource(block: FieldBlock, read: Read): string {
  const { inputColumns: columns, terms, shared } = block;
  const side = range(4);
  const n = range(columns);
  const at = range(terms);
  const cells = side.flatMap((a) => side.flatMap((b) => n.map((q) => [a, b, q])));
  const sumOf = (products: string[]): string =>
    products.slice(1).reduce((t, p) => `fma(${p}, ${t})`, products[0].replace(", ", " * "));
  const row = (t: number): string => t === 0 ? "h" : `min(h + ${t}u, params.outs - 1u)`;
  const guarded = (t: number, number: string): string =>
    t === 0 ? number : `select(vec4f(), ${number}, h + ${t}u < params.outs)`;
  const [early] = leaving(block, "first >= params.columns");
  return [
    openEntry("inputs", FIELD_LANES),
    `  let first = i * ${columns}u;`,
    ...early,
    ...n.flatMap((q) => [
      `  let n${q} = min(first + ${q}u, params.columns - 1u);`,
      `  let x${q} = place(n${q}, params.left);`,
      `  let y${q} = place(n${q}, params.right);`,
      `  let z${q} = place(n${q}, params.outs);`,
      `  let dx${q} = place(params.first + n${q}, params.left);`,
      `  let dy${q} = place(params.first + n${q}, params.right);`,
      `  if (first + ${q}u < params.columns) {`,
      `    for (var r = 0u; r < params.left; r++) { dx[dx${q} + r * params.lanes] = vec4f(); }`,
      `    if (!FOLDED) {`,
      `      for (var r = 0u; r < params.right; r++) { dy[dy${q} + r * params.lanes] = vec4f(); }`,
      `    }`,
      `  }`,
    ]),
    `  for (var t = 0u; t < params.tiles; t++) {`,
    ...cells.map(([a, b, q]) => `    var v${a}${b}_${q} = vec4f();`),
    `    for (var h = 0u; h < params.outs; h += ${terms}u) {`,
    ...shared > 1
      ? sharedTexels({
        image: "w",
        shared,
        names: at.flatMap((t) => side.map((a) => `w${a}_${t}`)),
        at: (n) => `(t * params.outs + min(h + ${n} / 4u, params.outs - 1u)) * 4u + ${n} % 4u`,
      })
      : at.flatMap((t) =>
        side.map((a) => `      let w${a}_${t} = ${read("w", `(t * params.outs + ${row(t)}) * 4u + ${a}u`)};`)
      ),
    ...at.flatMap((t) =>
      n.map((q) => `      let d${q}_${t} = ${guarded(t, read("dz", `z${q} + ${row(t)} * params.lanes`))};`)
    ),
    ...n.flatMap((q) =>
      side.flatMap((a) =>
        side.map((b) => {
          const sum = `v${a}${b}_${q}`;
          return "      " +
            at.map((t) => `${sum} = fma(vec4f(w${a}_${t}.${"xyzw"[b]}), d${q}_${t}, ${sum});`).join(" ");
        })
      )
    ),
    `    }`,
    `    let tile = 4u * tile_of(t, 4u);`,
    ...side.flatMap((c) => [
      `    let i${c} = min(tile.x + ${c}u, params.left - 1u) * params.lanes;`,
      `    let j${c} = min(tile.y + ${c}u, params.right - 1u) * params.lanes;`,
    ]),
    ...n.flatMap((q) => [
      ...side.flatMap((c) => [
        `    let a${q}_${c} = ${read("x", `x${q} + i${c}`)};`,
        `    let b${q}_${c} = ${read("y", `y${q} + j${c}`)};`,
      ]),
      `    if (first + ${q}u < params.columns) {`,
      ...side.map((a) =>
        `      add_left(dx${q} + i${a}, tile.x + ${a}u, ${sumOf(side.map((b) => `v${a}${b}_${q}, b${q}_${b}`))});`
      ),
      ...side.map((b) =>
        `      add_right(dy${q} + j${b}, tile.y + ${b}u, ${sumOf(side.map((a) => `v${a}${b}_${q}, a${q}_${a}`))});`
      ),
      `    }`,
    ]),
    `  }`,
    `}\n`,
  ].join("\n");
}
