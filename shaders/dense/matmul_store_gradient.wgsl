// A store of matmul.wgsl where the sum is the gradient of an epilogue's output: the gradient of the epilogue's input.
// Needs epilogue_gradient.wgsl.
@group(0) @binding(4) var<storage, read_write> y: array<Lanes>;
@group(0) @binding(5) var<storage, read> output: array<Lanes>;  // of the epilogue

fn store_lanes(split: u32, at: u32, column: u32, sum: Lanes) {
  y[at] = epilogue_gradient(sum, output[at], WIDTH * at);
}
