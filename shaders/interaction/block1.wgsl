// A matrix seen as blocks of WIDTH rows by one lane, where a lane is one number; no entry points.
// Needs weight: array<Lane> with LANES lanes from one row to the next.
const WIDTH: u32 = 1u;
alias Block = f32;

fn block_at(at: u32) -> Block {
  return weight[at];
}

fn row_times(x: Lane, m: Block) -> Lane {
  return x * m;
}

fn times_column(m: Block, x: Lane) -> Lane {
  return m * x;
}

fn outer(x: Lane, y: Lane) -> Block {
  return x * y;
}

fn plus(m: Block, n: Block) -> Block {
  return m + n;
}

fn put_block(at: u32, m: Block) {
  partial[at] = m;
}
