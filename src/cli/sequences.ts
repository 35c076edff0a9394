/**
 * What a model reads of a schema's sequences, as a person sees it.
 *
 * @module
 */
import { models } from "../../models/mod.ts";
import type { FittedSchema } from "../data/fitted_schema.ts";
import type { Definition } from "../definition.ts";
import { sequencesInOrder } from "../trace.ts";
import type { Streams } from "./streams.ts";
import { formatCount } from "./table.ts";

/** Says how many fields and sequences a schema has, and which sequences the model leaves unread. */
export function describeInputs(definition: Definition, schema: FittedSchema): string {
  const { fields, sequences } = schema;
  const counts = formatCount(fields.length, "field");
  if (sequences.length === 0) return counts;
  const unread = unreadBy(definition, schema);
  return `${counts}, ${formatCount(sequences.length, "sequence")}${
    unread.length > 0 ? ` (unread: ${unread.join(", ")})` : ""
  }`;
}

/** Warns of sequences that a model does not read, because it reads fields alone and they have no combiner. */
export function warnOfUnread(definition: Definition, schema: FittedSchema, streams: Streams): void {
  const unread = unreadBy(definition, schema);
  if (unread.length === 0) return;
  const names = unread.map((name) => `"${name}"`).join(", ");
  const readers = Object.keys(models).filter((name) => models[name]().readsHistories);
  streams.err(
    `warning: ${definition.name} does not read ${names}: a combiner, as in --sequences ${unread[0]}=mean, makes it a ` +
      `field, and ${readers.join(", ")} read${readers.length === 1 ? "s" : ""} its values in their order`,
  );
}

function unreadBy(definition: Definition, schema: FittedSchema): string[] {
  return definition.readsHistories ? [] : sequencesInOrder(schema);
}
