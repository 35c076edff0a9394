// A bias of matmul_store.wgsl.
@group(0) @binding(3) var<storage, read> bias: array<Lanes>;
fn bias_of(column: u32) -> Lanes { return bias[column]; }
