// A matrix seen as blocks of WIDTH rows by one lane, where a lane is four numbers; no entry points.
// Needs weight: array<Lane> with LANES lanes from one row to the next.
const WIDTH: u32 = 4u;
struct Block { a: vec4f, b: vec4f, c: vec4f, d: vec4f }

fn block_at(at: u32) -> Block {
  return Block(weight[at], weight[at + LANES], weight[at + 2u * LANES], weight[at + 3u * LANES]);
}

fn row_times(x: Lane, m: Block) -> Lane {
  return x.x * m.a + x.y * m.b + x.z * m.c + x.w * m.d;
}

fn times_column(m: Block, x: Lane) -> Lane {
  return vec4f(dot(m.a, x), dot(m.b, x), dot(m.c, x), dot(m.d, x));
}

fn outer(x: Lane, y: Lane) -> Block {
  return Block(x.x * y, x.y * y, x.z * y, x.w * y);
}

fn plus(m: Block, n: Block) -> Block {
  return Block(m.a + n.a, m.b + n.b, m.c + n.c, m.d + n.d);
}

fn put_block(at: u32, m: Block) {
  partial[at] = m.a;
  partial[at + LANES] = m.b;
  partial[at + 2u * LANES] = m.c;
  partial[at + 3u * LANES] = m.d;
}
