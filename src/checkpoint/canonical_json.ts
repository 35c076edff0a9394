/**
 * JSON text that depends on nothing but the content.
 *
 * @module
 */

/** A value that JSON can hold; properties that are `undefined` count as absent. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/**
 * Writes a value as JSON with the keys of every object in ascending order of code units, so that equal content gives
 * equal text in whatever order the objects were built.
 *
 * @param value what to write
 * @param name what the error calls the value
 * @throws {TypeError} when the value holds something that JSON would lose: NaN, an infinity, a function, a bigint, or
 * `undefined` in a list
 */
export function canonicalJson(value: Json, name: string): string {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new TypeError(`${name} must be finite, received ${value}`);
  }
  if (value === null || typeof value === "number" || typeof value === "string" || typeof value === "boolean") {
    return JSON.stringify(value);
  }
  if (isList(value)) {
    return `[${value.map((item, index) => canonicalJson(item, `${name}[${index}]`)).join(",")}]`;
  }
  if (typeof value !== "object") throw new TypeError(`${name} must be JSON, received ${typeof value}`);
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`${name} must be a plain object, received ${prototype.constructor?.name}`);
  }
  const parts: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const item = value[key];
    if (item !== undefined) parts.push(`${JSON.stringify(key)}:${canonicalJson(item, `${name}.${key}`)}`);
  }
  return `{${parts.join(",")}}`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
