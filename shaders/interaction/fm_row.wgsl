// Rows of embeddings that are in memory already, under the names of embedding_row.wgsl; no entry points.
//   row_of(b, f), lane_of(row, c)   e[b, f, c], lane c
// Shapes: e [B, F, D].
const LANES: u32 = 4u;  // lanes of D

struct Params { batch: u32, fields: u32 }
@group(0) @binding(0) var<storage, read> e: array<Lane>;
@group(0) @binding(5) var<uniform> params: Params;

fn row_of(b: u32, f: u32) -> u32 {
  return (b * params.fields + f) * LANES;
}

fn lane_of(row: u32, c: u32) -> Lane {
  return e[row + c];
}

fn linear_of(row: u32) -> f32 {
  return 0.0;
}

fn keep(b: u32, f: u32, c: u32, x: Lane) {}
