// What products by tiles of any size are built with and told.
// A_TRANSPOSED: a is stored as [K, M]. B_TRANSPOSED: b is stored as [N, K]. No copy of either is made.
override A_TRANSPOSED: bool = false;
override B_TRANSPOSED: bool = false;
override HAS_COLUMN_SUMS: bool = false;  // row M of a split gets the sums of b's columns; not where b is transposed

struct Params {
  m: u32,
  n: u32,
  k: u32,
  split_terms: u32,  // terms k of a split
}
@group(0) @binding(2) var<uniform> params: Params;
