// Position in a grid that was folded into two dimensions because one holds at most 65,535 workgroups.
fn linear_group(group: vec3u, groups: vec3u) -> u32 {
  return group.y * groups.x + group.x;
}
