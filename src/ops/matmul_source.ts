/**
 * Text of the matrix product for software adapters: register blocks, unrolled, because a loop over blocks would have
 * to index private memory and a load costs such a driver more than many multiplications.
 *
 * @module
 */

/** Invocations of a workgroup of the kernels made here. */
export const BLOCK_LANES = 32;

const HEADER = `// Matrix products, one register block per invocation, for adapters that run on the processor.
//   product     y[m, n] = relu(sum_k a[m, k] b[k, n] + bias[n])
//   product_tn  y[s, m, n] = sum_r a[r, m] b[r, n] over the rows r of slice s
// Shapes: a [M, K] or, by fours, [R, M]; b [K, N] or [R, N] by fours; bias [N]; y [M, N] or [S, M, N] by fours; f32.
// Grid: one invocation per block. Rows and columns past the end repeat the last ones, so that no load or store needs
// a branch. No workgroup memory, no atomics, sums in order of k: bit-reproducible.
struct Params {
  m: u32,           // rows of y
  k: u32,           // terms of a sum
  n: u32,           // numbers in bias
  quads: u32,       // fours in a row of b and of y
  a_quads: u32,     // fours in a row of a, product_tn only
  slice_rows: u32,  // rows of a and b in a slice, product_tn only
  has_bias: u32,
  has_relu: u32,
}
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> a_quads: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;
`;

/** What is done to a sum: bias and relu; needs `bias`, `params` and `y`. */
export const FINISH = `fn bias_quad(quad: u32) -> vec4f {
  if (params.has_bias == 0u) { return vec4f(); }
  let first = 4u * quad;
  let last = params.n - 1u;
  return vec4f(
    bias[min(first, last)], bias[min(first + 1u, last)], bias[min(first + 2u, last)], bias[min(first + 3u, last)],
  );
}

fn finish(z: vec4f) -> vec4f {
  return select(z, vec4f(), vec4<bool>(params.has_relu != 0u) & (z < vec4f()));
}
`;

/** What a cross layer does to a sum, and the bindings for it. */
export const CROSS = `override KEEPS_PRODUCT: bool = true;
@group(0) @binding(6) var<storage, read> x0: array<vec4f>;
@group(0) @binding(7) var<storage, read> x: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> product_out: array<vec4f>;

fn cross_with(at: u32, z: vec4f) {
  if (KEEPS_PRODUCT) { product_out[at] = z; }
  y[at] = x0[at] * z + x[at];
}
`;

const ENTRY = `
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * ${BLOCK_LANES}u + lane;`;

/**
 * Writes the kernels for blocks of `size` rows by `size` columns.
 *
 * @param size a multiple of 4
 */
export function blockSource(size: number): string {
  return [HEADER, FINISH, productSource(size), columnProductSource(size)].join("\n");
}

/**
 * Writes the product of a matrix cross layer (Wang et al., WWW 2021, equation 1) for blocks of `size` by `size`:
 * z = a b + bias and y = x0 z + x, where x is a by fours.
 *
 * @param size a multiple of 4
 */
export function crossSource(size: number): string {
  return [HEADER, FINISH, CROSS, productSource(size, "product_cross", (at, sum) => `cross_with(${at}, ${sum});`)].join(
    "\n",
  );
}

function productSource(
  size: number,
  name = "product",
  store = (at: string, sum: string): string => `y[${at}] = finish(${sum});`,
): string {
  const rows = range(size);
  const quads = range(size / 4);
  const cells = rows.flatMap((row) => quads.map((quad) => [row, quad]));
  return [
    `@compute @workgroup_size(${BLOCK_LANES})\nfn ${name}(${ENTRY}`,
    `  let across = (params.quads + ${size / 4 - 1}u) / ${size / 4}u;`,
    `  let row = i / across * ${size}u;`,
    `  let quad = i % across * ${size / 4}u;`,
    `  if (row >= params.m) { return; }`,
    ...rows.map((r) => `  let row${r} = min(row + ${r}u, params.m - 1u);\n  let a${r} = row${r} * params.k;`),
    ...quads.map((q) => `  let b${q} = min(quad + ${q}u, params.quads - 1u);`),
    ...cells.map(([r, q]) => `  var sum${r}_${q} = vec4f();`),
    `  for (var k = 0u; k < params.k; k++) {`,
    `    let at = k * params.quads;`,
    ...quads.map((q) => `    let right${q} = b[at + b${q}];`),
    ...rows.flatMap((r) => [
      `    let left${r} = vec4f(a[a${r} + k]);`,
      ...quads.map((q) => `    sum${r}_${q} = fma(left${r}, right${q}, sum${r}_${q});`),
    ]),
    `  }`,
    ...quads.map((q) => `  let bias${q} = bias_quad(b${q});`),
    ...cells.map(([r, q]) => `  ${store(`row${r} * params.quads + b${q}`, `sum${r}_${q} + bias${q}`)}`),
    `}\n`,
  ].join("\n");
}

function columnProductSource(size: number): string {
  const quads = range(size / 4);
  const cells = range(size).flatMap((row) => quads.map((quad) => [row, quad]));
  return [
    `@compute @workgroup_size(${BLOCK_LANES})\nfn product_tn(${ENTRY}`,
    `  let across = (params.quads + ${size / 4 - 1}u) / ${size / 4}u;`,
    `  let down = (params.a_quads + ${size / 4 - 1}u) / ${size / 4}u;`,
    `  let slice = i / (across * down);`,
    `  let first = slice * params.slice_rows;`,
    `  if (first >= params.k) { return; }`,
    ...quads.map((q) => `  let a${q} = min(i / across % down * ${size / 4}u + ${q}u, params.a_quads - 1u);`),
    ...quads.map((q) => `  let b${q} = min(i % across * ${size / 4}u + ${q}u, params.quads - 1u);`),
    ...cells.map(([r, q]) => `  var sum${r}_${q} = vec4f();`),
    `  let end = min(first + params.slice_rows, params.k);`,
    `  for (var k = first; k < end; k++) {`,
    ...quads.map((q) => `    let right${q} = b[k * params.quads + b${q}];`),
    ...quads.flatMap((p) => [
      `    let left${p} = a_quads[k * params.a_quads + a${p}];`,
      ...range(4).flatMap((l) =>
        quads.map((q) => {
          const sum = `sum${4 * p + l}_${q}`;
          return `    ${sum} = fma(vec4f(left${p}.${"xyzw"[l]}), right${q}, ${sum});`;
        })
      ),
    ]),
    `  }`,
    `  let top = slice * 4u * params.a_quads;`,
    ...cells.map(([r, q]) =>
      `  y[(top + 4u * a${Math.floor(r / 4)} + ${r % 4}u) * params.quads + b${q}] = sum${r}_${q};`
    ),
    `}\n`,
  ].join("\n");
}

function range(size: number): number[] {
  return Array.from({ length: size }, (_, i) => i);
}
