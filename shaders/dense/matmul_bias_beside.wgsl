// A bias of matmul_store.wgsl in two parts (bias | bias1). Needs matmul_quads4_beside.wgsl.
@group(0) @binding(3) var<storage, read> bias: array<Lanes>;
@group(0) @binding(10) var<storage, read> bias1: array<Lanes>;

fn bias_of(column: u32) -> Lanes {
  if (column < FOURS) { return bias[column]; }
  return bias1[column - FOURS];
}
