// What the kernels of attention among the places of a history share; no entry points.
// Needs lane*.wgsl. Shapes: x, dx [B, T, W] with the columns q | k | v of all heads, behind FIRST other lanes; o, dout
// [B, T, H V]; log_sums, means, statistics [B, H, T]; lengths [B]; f32.
const THREADS: u32 = 64u;
const QK: u32 = 1u;           // lanes of a query or key
const V: u32 = 1u;            // lanes of a value
const ROW: u32 = 3u;          // lanes of a place in x
const FIRST: u32 = 0u;        // those before its queries
const SCALE: f32 = 1.0;

struct Params { places: u32, heads: u32, blocks: u32, groups: u32 }
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read> lengths: array<u32>;
@group(0) @binding(2) var<storage, read> o: array<Lane>;
@group(0) @binding(3) var<storage, read> dout: array<Lane>;
@group(0) @binding(4) var<storage, read> log_sums: array<f32>;
@group(0) @binding(5) var<storage, read> means: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<Lane>;         // o, dx or w
@group(0) @binding(7) var<storage, read_write> statistics: array<f32>;  // log_sums or means
@group(0) @binding(8) var<uniform> params: Params;

struct Work { b: u32, head: u32, block: u32 }

fn work(group: u32) -> Work {
  let pair = group / params.blocks;
  return Work(pair / params.heads, pair % params.heads, group % params.blocks);
}

// Position in x of a place's query, key or value.
fn query_at(at: Work, t: u32) -> u32 {
  return (at.b * params.places + t) * ROW + FIRST + at.head * QK;
}
fn key_at(at: Work, t: u32) -> u32 {
  return query_at(at, t) + params.heads * QK;
}
fn value_at(at: Work, t: u32) -> u32 {
  return (at.b * params.places + t) * ROW + FIRST + 2u * params.heads * QK + at.head * V;
}
fn output_at(at: Work, t: u32) -> u32 {
  return (at.b * params.places + t) * params.heads * V + at.head * V;
}
fn number_at(at: Work, t: u32) -> u32 {
  return (at.b * params.heads + at.head) * params.places + t;
}
