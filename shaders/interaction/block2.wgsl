// A matrix seen as blocks of WIDTH rows by one lane, where a lane is two numbers; no entry points.
// Needs weight: array<Lane> with LANES lanes from one row to the next.
const WIDTH: u32 = 2u;
struct Block { a: vec2f, b: vec2f }

fn block_at(at: u32) -> Block {
  return Block(weight[at], weight[at + LANES]);
}

fn row_times(x: Lane, m: Block) -> Lane {
  return x.x * m.a + x.y * m.b;
}

fn times_column(m: Block, x: Lane) -> Lane {
  return vec2f(dot(m.a, x), dot(m.b, x));
}

fn outer(x: Lane, y: Lane) -> Block {
  return Block(x.x * y, x.y * y);
}

fn plus(m: Block, n: Block) -> Block {
  return Block(m.a + n.a, m.b + n.b);
}

fn put_block(at: u32, m: Block) {
  partial[at] = m.a;
  partial[at + LANES] = m.b;
}
