// No bias for matmul_store.wgsl.
fn bias_of(column: u32) -> Lanes { return Lanes(); }
