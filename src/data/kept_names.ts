/**
 * Names of fields that keep the texts of columns; no file has a column with such a name.
 *
 * @module
 */

const TEXT_OF = "\0text of ";
const NAME_IN = "\0name in ";

/** Names the field that keeps the texts of a feature's column. */
export function nameKeptText(feature: string): string {
  return TEXT_OF + feature;
}

/** Names the field that keeps the texts of a column of names. */
export function nameKeptNames(column: string): string {
  return NAME_IN + column;
}

/** Tells whether a field keeps the texts of a column. */
export function isKept(name: string): boolean {
  return name.startsWith(TEXT_OF) || name.startsWith(NAME_IN);
}

/** Tells whether a field keeps texts of which some may be quantities. */
export function mayKeepQuantities(name: string): boolean {
  return name.startsWith(TEXT_OF);
}
