// Rules with one number of state per row; an invocation has the whole row.
@group(0) @binding(9) var<storage, read_write> state0: array<f32>;

fn raise_row_state(number: u32, mean: f32) -> f32 {
  let raised = state0[number] + mean;
  state0[number] = raised;
  return raised;
}
fn load_state0(at: u32, row_state: f32) -> Lane { return Lane() + row_state; }
fn load_state1(at: u32) -> Lane { return Lane(); }
fn store_state(at: u32, updated: Updated) {}
