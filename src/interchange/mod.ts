/**
 * Models in and out of other tools: safetensors and ONNX files, vocabularies as JSON, and trained models of FuxiCTR and
 * DeepCTR-Torch.
 *
 * @module
 */
export { exportSafetensors, importSafetensors, writeVocabulary } from "./model.ts";
export { exportOnnx, type OnnxOptions } from "./onnx/export.ts";
export {
  type Dtype,
  encodeSafetensors,
  readSafetensors,
  type Safetensors,
  type SafetensorsTensor,
  writeSafetensors,
} from "./safetensors.ts";
export {
  importable,
  type ImportReport,
  importStateDict,
  type StateDictOptions,
  type Tool,
} from "./state_dict/import.ts";
export type { Vocabularies } from "./state_dict/rows.ts";
export { type ExchangedSchema, readDeepctrSchema, readFuxictrSchema, readVocabularies } from "./state_dict/schema.ts";
