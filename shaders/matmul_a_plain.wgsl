// A load of matmul.wgsl: the matrix a itself.
fn a_loaded(at: u32) -> Lanes { return a[at]; }
