/**
 * The optimizer's rule as kernels use it: shader files, constants and buffers of state.
 *
 * @module
 */
import besideStateNone from "../../../shaders/train/beside_state_none.wgsl" with { type: "text" };
import besideStateOne from "../../../shaders/train/beside_state_one.wgsl" with { type: "text" };
import besideStateTwo from "../../../shaders/train/beside_state_two.wgsl" with { type: "text" };
import clipScale from "../../../shaders/train/clip_scale.wgsl" with { type: "text" };
import clipScaleNone from "../../../shaders/train/clip_scale_none.wgsl" with { type: "text" };
import rowStrength from "../../../shaders/train/row_strength.wgsl" with { type: "text" };
import rowStrengthNone from "../../../shaders/train/row_strength_none.wgsl" with { type: "text" };
import rule from "../../../shaders/train/optimizer.wgsl" with { type: "text" };
import stateNone from "../../../shaders/train/state_none.wgsl" with { type: "text" };
import stateOne from "../../../shaders/train/state_one.wgsl" with { type: "text" };
import stateRow from "../../../shaders/train/state_row.wgsl" with { type: "text" };
import stateTwo from "../../../shaders/train/state_two.wgsl" with { type: "text" };
import type { BufferRange } from "../../gpu/kernel.ts";
import type { Constants } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import type { Table } from "../../graph/parameter.ts";
import { type Optimizer, type PlacedRule, rowL2Index, rowStrengthIndex, tableSlots } from "../../optimizer.ts";

/** Number in `shaders/train/optimizer.wgsl` of the rule that tables have where it differs from that of dense parameters. */
const ROWWISE_ADAGRAD = 2;
const ADAM = 3;
const LAZY_ADAM = 4;

/** Shader files of the rule over `slots` numbers of state per weight, or one per row. */
export function ruleFiles(slots: number, perRow: boolean, clipped: boolean): Record<string, string> {
  return { optimizer: rule, ...stateFile(slots, perRow), ...clipFile(clipped) };
}

function stateFile(slots: number, perRow: boolean): Record<string, string> {
  if (perRow) return { state_row: stateRow };
  if (slots === 0) return { state_none: stateNone };
  return slots === 1 ? { state_one: stateOne } : { state_two: stateTwo };
}

/** Shader file of the state of a table of width 1 that is updated beside another one. */
export function besideStateFile(slots: number): Record<string, string> {
  if (slots === 0) return { beside_state_none: besideStateNone };
  return slots === 1 ? { beside_state_one: besideStateOne } : { beside_state_two: besideStateTwo };
}

function clipFile(clipped: boolean): Record<string, string> {
  return clipped ? { clip_scale: clipScale } : { clip_scale_none: clipScaleNone };
}

/** Constants of the rule for a table. */
export function tableRule(
  table: Table,
  { optimizer, place, l1, clipValue }: PlacedRule & { readonly l1: number; readonly clipValue?: number },
): Constants {
  const lazyAdam = optimizer.rule === ADAM && optimizer.embeddingUpdate === "lazy";
  const number = optimizer.rowSlots > 0 ? ROWWISE_ADAGRAD : lazyAdam ? LAZY_ADAM : optimizer.rule;
  const limits = { ...(clipValue && { CLIP_VALUE: clipValue }), ...(l1 > 0 && { SHRINK: l1 }) };
  return { ...optimizer.constants, ...limits, RULE: number, PLACE: place, WIDTH: table.dim };
}

/** Returns the state of a shard of a table by binding name, which starts with `prefix`. */
export function stateRanges(
  k: Emitter,
  table: Table,
  optimizer: Optimizer,
  shard: number,
  prefix = "",
): Record<string, BufferRange> {
  const saved = tableSlots(optimizer).filter((slot) => slot.saved);
  return Object.fromEntries(saved.map((_, i) => [`${prefix}state${i}`, k.shards(table, i + 1)[shard].range]));
}

/** Returns the strengths of L2 by row of a shard of a table. */
export function rowL2Range(k: Emitter, table: Table, optimizer: Optimizer, shard: number): BufferRange {
  return k.shards(table, rowL2Index(optimizer))[shard].range;
}

/** Shader file of the coupled L2 of rows, of each row or of all. */
export function rowStrengthFile(byRow: boolean): Record<string, string> {
  return byRow ? { row_strength: rowStrength } : { row_strength_none: rowStrengthNone };
}

/** Returns the coupled L2 by row of a shard of a table by binding name; nothing where all rows have the same. */
export function rowStrengthRange(
  k: Emitter,
  { table, optimizer, rowStrength }: { table: Table; optimizer: Optimizer; rowStrength: boolean },
  shard: number,
): Record<string, BufferRange> {
  return rowStrength ? { row_strength: k.shards(table, rowStrengthIndex(optimizer))[shard].range } : {};
}

/** Returns the sums by row of a shard of a table whose updates are dense: its last slot. */
export function gradientRange(k: Emitter, table: Table, optimizer: Optimizer, shard: number): BufferRange {
  return k.shards(table, tableSlots(optimizer).length)[shard].range;
}
