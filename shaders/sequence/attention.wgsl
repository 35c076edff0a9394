// Self-attention over fields for GPUs, head by head, from projections p = (q, k, v[, r]) side by side.
//   forward   o[b, i, :] = act(sum_j w[i, j] v_j + r_i),  w[i, j] = exp(scale q_i . k_j - lse_i)
//   backward  dz = act'(o) do;  delta_i = sum_j w[i, j] dz_i . v_j;  dq_i = scale sum_j w[i, j] (dz_i . v_j - delta_i) k_j
//             dv_j = sum_i w[i, j] dz_i;  dk_j = scale sum_i w[i, j] (dz_i . v_j - delta_i) q_i
// The forward takes one pass over the keys, four at a time, with a running maximum (online softmax), and saves lse, the
// logarithm of the sum of exponentials; the backward computes w again, once for queries and once for keys.
// Needs a part that declares Row, the numbers of one field in one head, so that each number of a row has a register.
// Shapes: p, dp [B, F, parts of A], o, y, dy, dz, r [B, F, A], lse [B, H, F]; all but lse by rows.
// Grid: a workgroup per UNITS heads of samples, a thread per field; a head's rows are in workgroup memory.
// Memory: each number of global memory is loaded once. No atomics, sums in order of the fields: bit-reproducible.
override THREADS: u32 = 64;
override UNITS: u32 = 1;      // heads of samples that a workgroup takes
override FIELDS: u32 = 1;
override ROWS: u32 = 4;       // rows of workgroup memory: for each of the UNITS the fields, filled up to fours
override RELU: bool = false;
override RESIDUAL: bool = false;   // whether there is r
override PACKED: bool = false;     // whether r is part of p
override KEEPS_SLOPE: bool = true; // whether dz is read by others

struct Params {
  units: u32,    // heads of all samples
  heads: u32,
  stride: u32,   // rows of p for each field
  r_stride: u32, // rows of the tensor that r is in, for each field
  r_first: u32,  // number of the row of the first head there
  scale: f32,
}
@group(0) @binding(0) var<storage, read> p: array<Row>;
@group(0) @binding(1) var<storage, read> r: array<Row>;
@group(0) @binding(2) var<storage, read_write> o: array<Row>;
@group(0) @binding(3) var<storage, read_write> lse: array<f32>;
@group(0) @binding(4) var<storage, read> y: array<Row>;
@group(0) @binding(5) var<storage, read> dy: array<Row>;
@group(0) @binding(6) var<storage, read> levels: array<f32>;  // lse
@group(0) @binding(7) var<storage, read_write> dp: array<Row>;
@group(0) @binding(8) var<storage, read_write> dz: array<Row>;
@group(0) @binding(9) var<uniform> params: Params;

const LOWEST: f32 = -3.0e38;

var<workgroup> queries: array<Row, ROWS>;
var<workgroup> keys: array<Row, ROWS>;
var<workgroup> values: array<Row, ROWS>;
var<workgroup> slopes: array<Row, ROWS>;
// lse and delta of a query.
var<workgroup> sums: array<vec2f, ROWS>;

struct Place {
  busy: bool,
  field: u32,
  unit: u32,    // number of the head and sample
  base: u32,    // first row of workgroup memory
  field_row: u32,  // number of the sample's field in the batch
  head: u32,
}

fn place_of(group: u32, thread: u32) -> Place {
  let inner = thread / FIELDS;
  let unit = group * UNITS + inner;
  let field = thread % FIELDS;
  let busy = inner < UNITS && unit < params.units;
  return Place(
    busy,
    field,
    unit,
    inner * (ROWS / UNITS),
    unit / params.heads * FIELDS + field,
    unit % params.heads,
  );
}

// Sets the rows that fill a head's fields up to fours to zeros.
fn clear_rest(place: Place) {
  for (var row = FIELDS + place.field; row < ROWS / UNITS; row += FIELDS) {
    queries[place.base + row] = Row();
    keys[place.base + row] = Row();
    values[place.base + row] = Row();
    slopes[place.base + row] = Row();
    sums[place.base + row] = vec2f();
  }
}

// Scores of four keys, for which there must be fields.
fn scores(q: Row, at: u32, j: u32) -> vec4f {
  let all = vec4f(row_dot(q, keys[at]), row_dot(q, keys[at + 1u]), row_dot(q, keys[at + 2u]), row_dot(q, keys[at + 3u]));
  return select(vec4f(LOWEST), all, vec4u(j) + vec4u(0u, 1u, 2u, 3u) < vec4u(FIELDS));
}

@compute @workgroup_size(THREADS)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let place = place_of(linear_group(group, groups), thread);
  let at = place.field_row * params.stride + place.head;
  if (place.busy) {
    keys[place.base + place.field] = p[at + params.heads];
    values[place.base + place.field] = p[at + 2u * params.heads];
    clear_rest(place);
  }
  workgroupBarrier();
  if (!place.busy) { return; }
  let q = row_scaled(p[at], params.scale);
  var top = LOWEST;
  var sum = 0.0;
  var mix = Row();
  for (var j = 0u; j < FIELDS; j += 4u) {
    let row = place.base + j;
    let score = scores(q, row, j);
    let next = max(max(max(score.x, score.y), max(score.z, score.w)), top);
    let fade = exp(top - next);
    let e = exp(score - vec4f(next));
    top = next;
    sum = fma(sum, fade, (e.x + e.y) + (e.z + e.w));
    mix = row_scaled(mix, fade);
    mix = row_plus(mix, values[row], e.x);
    mix = row_plus(mix, values[row + 1u], e.y);
    mix = row_plus(mix, values[row + 2u], e.z);
    mix = row_plus(mix, values[row + 3u], e.w);
  }
  var result = row_scaled(mix, 1.0 / sum);
  if (RESIDUAL) { result = row_plus(result, r[place.field_row * params.r_stride + params.r_first + place.head], 1.0); }
  if (RELU) { result = row_relu(result); }
  o[place.field_row * params.heads + place.head] = result;
  lse[place.unit * FIELDS + place.field] = top + log(sum);
}

@compute @workgroup_size(THREADS)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let place = place_of(linear_group(group, groups), thread);
  let at = place.field_row * params.stride + place.head;
  let out = place.field_row * params.heads + place.head;
  let mine = place.base + place.field;
  var d = Row();
  var level = 0.0;
  if (place.busy) {
    d = dy[out];
    if (RELU) { d = row_slope(d, y[out]); }
    level = levels[place.unit * FIELDS + place.field];
    queries[mine] = p[at];
    keys[mine] = p[at + params.heads];
    values[mine] = p[at + 2u * params.heads];
    slopes[mine] = d;
    clear_rest(place);
  }
  workgroupBarrier();
  if (place.busy) {
    let q = row_scaled(queries[mine], params.scale);
    var delta = 0.0;
    var sum = Row();
    var mean = Row();
    for (var j = 0u; j < FIELDS; j += 4u) {
      let row = place.base + j;
      let w = exp(scores(q, row, j) - vec4f(level));
      let dw = w * vec4f(
        row_dot(d, values[row]),
        row_dot(d, values[row + 1u]),
        row_dot(d, values[row + 2u]),
        row_dot(d, values[row + 3u]),
      );
      delta += (dw.x + dw.y) + (dw.z + dw.w);
      sum = row_plus(row_plus(sum, keys[row], dw.x), keys[row + 1u], dw.y);
      sum = row_plus(row_plus(sum, keys[row + 2u], dw.z), keys[row + 3u], dw.w);
      mean = row_plus(row_plus(mean, keys[row], w.x), keys[row + 1u], w.y);
      mean = row_plus(row_plus(mean, keys[row + 2u], w.z), keys[row + 3u], w.w);
    }
    sums[mine] = vec2f(level, delta);
    dp[at] = row_scaled(row_plus(sum, mean, -delta), params.scale);
    if (KEEPS_SLOPE) { dz[out] = d; }
    if (PACKED) { dp[at + 3u * params.heads] = d; }
  }
  workgroupBarrier();
  if (!place.busy) { return; }
  let k = row_scaled(keys[mine], params.scale);
  let v = values[mine];
  var dk = Row();
  var dv = Row();
  // Rows past the last field have queries and slopes of zeros, and so add nothing.
  for (var i = 0u; i < FIELDS; i += 2u) {
    let row = place.base + i;
    let first = sums[row];
    let second = sums[row + 1u];
    let w = exp(vec2f(row_dot(queries[row], k) - first.x, row_dot(queries[row + 1u], k) - second.x));
    let ds = w * vec2f(row_dot(slopes[row], v) - first.y, row_dot(slopes[row + 1u], v) - second.y);
    dk = row_plus(row_plus(dk, queries[row], ds.x), queries[row + 1u], ds.y);
    dv = row_plus(row_plus(dv, slopes[row], w.x), slopes[row + 1u], w.y);
  }
  dp[at + params.heads] = row_scaled(dk, params.scale);
  dp[at + 2u * params.heads] = dv;
}
