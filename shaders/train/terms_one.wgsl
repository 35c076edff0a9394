// The model adds a term to the loss of the labels: one of the parts that loss.wgsl is linked with. Shapes: term [1].
@group(0) @binding(11) var<storage, read> term: array<f32>;

fn added_terms() -> f32 {
  return term[0];
}
