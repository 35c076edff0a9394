// Squeeze, excite and scale of fields (Huang, Zhang, Zhang, RecSys 2019, equations 2 to 5), and its gradient.
//   z_f = mean_d e[b, f, d];  h = relu(z W0);  a = relu(h W1);  y[b, f, :] = a_f e[b, f, :]
//   da_f = [a_f > 0] sum_d dy[b, f, d] e[b, f, d];  dh = [h > 0] (da W1^T);  dz = dh W0^T
//   de[b, f, :] = a_f dy[b, f, :] + dz_f / D
// Shapes: e, y, dy, de [B, F, D]; z [B, F]; gates, dgates [B, R + F] hold h before a; W0 [F, R]; W1 [R, F]; f32.
// Grid: one workgroup per sample: its means and gates stay in workgroup memory. Fixed order, no atomics.
const LANES: u32 = 4u;    // lanes of D
const DIM: f32 = 16.0;    // D
const FIELDS: u32 = 1u;   // F
const REDUCED: u32 = 1u;  // R

struct Params { batch: u32 }
@group(0) @binding(0) var<storage, read> e: array<Lane>;
@group(0) @binding(1) var<storage, read> w0: array<f32>;
@group(0) @binding(2) var<storage, read> w1: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<Lane>;
@group(0) @binding(4) var<storage, read_write> z: array<f32>;
@group(0) @binding(5) var<storage, read_write> gates: array<f32>;
@group(0) @binding(6) var<storage, read> kept: array<f32>;  // gates, as the backward pass reads them
@group(0) @binding(7) var<storage, read> dy: array<Lane>;
@group(0) @binding(8) var<storage, read_write> de: array<Lane>;
@group(0) @binding(9) var<storage, read_write> dgates: array<f32>;
@group(0) @binding(10) var<uniform> params: Params;

const WIDTH: u32 = REDUCED + FIELDS;
var<workgroup> field: array<f32, FIELDS>;
var<workgroup> reduced: array<f32, REDUCED>;

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups);
  let works = b < params.batch;
  for (var f = lane; f < FIELDS && works; f += 64u) {
    var sum = Lane();
    for (var c = 0u; c < LANES; c++) { sum += e[(b * FIELDS + f) * LANES + c]; }
    field[f] = total(sum) / DIM;
    z[b * FIELDS + f] = field[f];
  }
  workgroupBarrier();
  for (var r = lane; r < REDUCED && works; r += 64u) {
    var sum = 0.0;
    for (var f = 0u; f < FIELDS; f++) { sum += field[f] * w0[f * REDUCED + r]; }
    reduced[r] = max(sum, 0.0);
    gates[b * WIDTH + r] = reduced[r];
  }
  workgroupBarrier();
  for (var f = lane; f < FIELDS && works; f += 64u) {
    var sum = 0.0;
    for (var r = 0u; r < REDUCED; r++) { sum += reduced[r] * w1[r * FIELDS + f]; }
    field[f] = max(sum, 0.0);
    gates[b * WIDTH + REDUCED + f] = field[f];
  }
  workgroupBarrier();
  for (var i = lane; i < FIELDS * LANES && works; i += 64u) {
    let at = b * FIELDS * LANES + i;
    y[at] = field[i / LANES] * e[at];
  }
}

@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups);
  let works = b < params.batch;
  for (var f = lane; f < FIELDS && works; f += 64u) {
    var sum = Lane();
    for (var c = 0u; c < LANES; c++) {
      let at = (b * FIELDS + f) * LANES + c;
      sum += dy[at] * e[at];
    }
    field[f] = select(0.0, total(sum), kept[b * WIDTH + REDUCED + f] > 0.0);
    dgates[b * WIDTH + REDUCED + f] = field[f];
  }
  workgroupBarrier();
  for (var r = lane; r < REDUCED && works; r += 64u) {
    var sum = 0.0;
    for (var f = 0u; f < FIELDS; f++) { sum += field[f] * w1[r * FIELDS + f]; }
    reduced[r] = select(0.0, sum, kept[b * WIDTH + r] > 0.0);
    dgates[b * WIDTH + r] = reduced[r];
  }
  workgroupBarrier();
  for (var f = lane; f < FIELDS && works; f += 64u) {
    var sum = 0.0;
    for (var r = 0u; r < REDUCED; r++) { sum += reduced[r] * w0[f * REDUCED + r]; }
    field[f] = sum / DIM;
  }
  workgroupBarrier();
  for (var i = lane; i < FIELDS * LANES && works; i += 64u) {
    let at = b * FIELDS * LANES + i;
    let f = i / LANES;
    de[at] = kept[b * WIDTH + REDUCED + f] * dy[at] + field[f];
  }
}
