// A load of matmul.wgsl: the matrix b itself.
fn b_loaded(at: u32) -> Lanes { return b[at]; }
