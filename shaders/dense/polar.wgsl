// Complex numbers in polar coordinates and back.
//   polar               radius = log(x^2 + y^2 + 1e-8) / 2,  angle = atan2(y, x)
//   polar_backward      dx = (x dradius - y dangle) / (x^2 + y^2 + 1e-8);  dy = (y dradius + x dangle) / (same)
//   cartesian           x = exp(radius) cos(angle),  y = exp(radius) sin(angle)
//   cartesian_backward  dradius = dx x + dy y;  dangle = dy x - dx y
// Shapes: all [size], f32. Grid: one invocation per number. WGSL allows sin and cos errors of 2^-11 and atan2 one of 4096
// units in the last place, so they are polynomials of Cephes (Moshier) here: within 2e-7 of the true value.
struct Params { size: u32 }
@group(0) @binding(0) var<storage, read> a: array<f32>;    // x, or the radius
@group(0) @binding(1) var<storage, read> b: array<f32>;    // y, or the angle
@group(0) @binding(2) var<storage, read> da: array<f32>;   // gradient of the first result
@group(0) @binding(3) var<storage, read> db: array<f32>;   // gradient of the second one
@group(0) @binding(4) var<storage, read_write> first: array<f32>;
@group(0) @binding(5) var<storage, read_write> second: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

const HALF_PI = 1.57079632679;

fn angle_of(y: f32, x: f32) -> f32 {
  let larger = max(abs(x), abs(y));
  if (larger == 0.0) { return 0.0; }
  let ratio = min(abs(x), abs(y)) / larger;
  // Above tan(pi / 8) the angle is pi / 4 and a small one.
  let is_large = ratio > 0.41421356;
  let t = select(ratio, (ratio - 1.0) / (ratio + 1.0), is_large);
  let z = t * t;
  let series = ((8.05374449538e-2 * z - 1.38776856032e-1) * z + 1.99777106478e-1) * z - 3.33329491539e-1;
  var angle = select(0.0, 0.5 * HALF_PI, is_large) + (series * z * t + t);
  if (abs(y) > abs(x)) { angle = HALF_PI - angle; }
  if (x < 0.0) { angle = 2.0 * HALF_PI - angle; }
  return select(angle, -angle, y < 0.0);
}

// Cosine and sine.
fn circle(angle: f32) -> vec2f {
  let turns = round(angle / HALF_PI);
  // Pi / 2 in three parts, the first two of which have few bits, so that products with turns are exact.
  let r = ((angle - turns * 1.5703125) - turns * 4.837512969970703e-4) - turns * 7.549789954891882e-8;
  let z = r * r;
  let s = ((-1.9515295891e-4 * z + 8.3321608736e-3) * z - 1.6666654611e-1) * z * r + r;
  let c = ((2.443315711809948e-5 * z - 1.388731625493765e-3) * z + 4.166664568298827e-2) * z * z - 0.5 * z + 1.0;
  let quarter = u32(i32(turns)) & 3u;
  let turned = select(vec2f(c, s), vec2f(-s, c), (quarter & 1u) == 1u);
  return select(turned, -turned, quarter >= 2u);
}

@compute @workgroup_size(256)
fn polar(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  first[i] = 0.5 * log(a[i] * a[i] + b[i] * b[i] + 1e-8);
  second[i] = angle_of(b[i], a[i]);
}

@compute @workgroup_size(256)
fn polar_backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  let inverse = 1.0 / (a[i] * a[i] + b[i] * b[i] + 1e-8);
  first[i] = (a[i] * da[i] - b[i] * db[i]) * inverse;
  second[i] = (b[i] * da[i] + a[i] * db[i]) * inverse;
}

@compute @workgroup_size(256)
fn cartesian(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  let point = exp(a[i]) * circle(b[i]);
  first[i] = point.x;
  second[i] = point.y;
}

// a and b are the point here.
@compute @workgroup_size(256)
fn cartesian_backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  first[i] = da[i] * a[i] + db[i] * b[i];
  second[i] = db[i] * a[i] - da[i] * b[i];
}
