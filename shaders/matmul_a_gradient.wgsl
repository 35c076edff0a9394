// A load of matmul.wgsl where a holds the gradient of an epilogue's output: the gradient of its input.
@group(0) @binding(5) var<storage, read> a_output: array<Lanes>;
fn a_loaded(at: u32) -> Lanes { return epilogue_gradient(a[at], a_output[at], WIDTH * at); }
