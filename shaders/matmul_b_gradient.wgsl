// A load of matmul.wgsl where b holds the gradient of an epilogue's output: the gradient of its input.
@group(0) @binding(5) var<storage, read> b_output: array<Lanes>;
fn b_loaded(at: u32) -> Lanes { return epilogue_gradient(b[at], b_output[at], WIDTH * at); }
