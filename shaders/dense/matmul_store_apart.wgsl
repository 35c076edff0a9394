// A store of matmul.wgsl of columns that are two matrices side by side: y of FIRST lanes and y1 of the others.
override FIRST: u32 = 1;
@group(0) @binding(4) var<storage, read_write> y: array<Lanes>;
@group(0) @binding(5) var<storage, read_write> y1: array<Lanes>;

fn store_lanes(split: u32, at: u32, column: u32, sum: Lanes) {
  let lanes = params.n / WIDTH;
  let row = at / lanes;
  if (column < FIRST) { y[row * FIRST + column] = sum; }
  else { y1[row * (lanes - FIRST) + column - FIRST] = sum; }
}
