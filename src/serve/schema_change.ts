/**
 * What two versions of a model ask of requests, and where that differs.
 *
 * @module
 */
import type { ServedModel } from "./served_model.ts";

type Versioned = Pick<ServedModel, "columns" | "tasks">;

/** Tells in a few words what a version asks for, or answers, that another one does not; nothing where all is the same. */
export function schemaChanges(before: Versioned, after: Versioned): string[] {
  const [old, present] = [before, after].map(({ columns }) =>
    new Map(columns.descriptions.map((column) => [column.name, column]))
  );
  const changes = [...old.keys()].filter((name) => !present.has(name)).map((name) => `column "${name}" is gone`);
  for (const [name, { datatype, shape }] of present) {
    const was = old.get(name);
    if (!was) changes.push(`column "${name}" is new`);
    else if (was.shape.length !== shape.length) {
      changes.push(`column "${name}" is ${shape.length > 1 ? "a sequence" : "one value"}, and was not`);
    } else if (was.datatype !== datatype) changes.push(`column "${name}" is ${datatype}, and was ${was.datatype}`);
    else if (before.columns.isOptional(name) && !after.columns.isOptional(name)) {
      changes.push(`column "${name}" must have a value, and may have had none`);
    }
  }
  const [tasks, newTasks] = [before, after].map(({ tasks }) => tasks.join(", "));
  if (tasks !== newTasks) changes.push(`tasks are ${newTasks}, and were ${tasks}`);
  return changes;
}
