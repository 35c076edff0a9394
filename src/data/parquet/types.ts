/**
 * What the columns of a Parquet file hold, and their values as texts.
 *
 * @module
 */
import type { SchemaElement, SchemaTree } from "npm:hyparquet@1.33.0";
import type { SequenceCell } from "../sequence_column.ts";
import type { TableColumn } from "../table.ts";

/** A column of a Parquet file. */
export interface ParquetColumn extends TableColumn {
  /** Whether values are texts, or items of lists are. */
  readonly isText?: boolean;
  /** Returns the cell of a value. */
  toCell(value: unknown): SequenceCell;
  /** Returns a value as the number that the digits of its text are, where values are numbers and no lists. */
  toNumber?(value: unknown): number;
}

/**
 * Describes a column, and takes from its element in the metadata what would make the library round its values: digits of
 * decimals and of times are kept.
 */
export function describeParquetColumn(tree: SchemaTree): ParquetColumn {
  const { name } = tree.element;
  const items = itemsOf(tree);
  if (typeof items === "string") return { name, refused: items, toCell: () => undefined };
  const kind = describeElement(items);
  if (typeof kind === "string") return { name, refused: kind, toCell: () => undefined };
  const { toText, isFloating, isText, toNumber } = kind;
  if (items === tree.element && items.repetition_type !== "REPEATED") {
    const toCell = (value: unknown) => value === undefined || value === null ? undefined : toText(value);
    return { name, isFloating, isText, toCell, toNumber };
  }
  const toItem = (value: unknown): string => value === undefined || value === null ? "" : toText(value);
  const toList = (value: unknown): SequenceCell => value ? Array.from(value as ArrayLike<unknown>, toItem) : undefined;
  return { name, isList: true, isFloating, isText, toCell: toList };
}

/** Returns the element of a column's values, or of the items of its lists; what it is where it is neither. */
function itemsOf({ element, children }: SchemaTree): SchemaElement | string {
  if (children.length === 0) return element;
  if (element.converted_type === "MAP" || element.logical_type?.type === "MAP") return "a map";
  if (element.converted_type !== "LIST" && element.logical_type?.type !== "LIST") return "a struct";
  const [list] = children;
  if (children.length !== 1 || list.element.repetition_type !== "REPEATED") return "a struct";
  // Older files repeat the items themselves, others a group of one item.
  const item = list.children.length === 0 ? list : list.children[0];
  if (list.children.length > 1) return "lists of structs";
  if (item.children.length > 0) return "lists of lists or of structs";
  return item.element;
}

/** How the values of an element become texts. */
interface ElementKind {
  readonly isFloating?: boolean;
  readonly isText?: boolean;
  toText(value: unknown): string;
  toNumber?(value: unknown): number;
}

/** Describes an element, or says what it holds that no field can take. */
function describeElement(element: SchemaElement): ElementKind | string {
  const { type, converted_type: converted, logical_type: logical } = element;
  const kind = logical?.type;
  if (kind === "DECIMAL" || converted === "DECIMAL") return keepRaw(element, formatDecimals(element.scale ?? 0));
  if (kind === "DATE" || converted === "DATE") return keepRaw(element, (days) => formatDate(Number(days)));
  if (logical?.type === "TIMESTAMP") {
    return keepRaw(element, formatTimes(PER_SECOND[logical.unit], logical.isAdjustedToUTC));
  }
  if (converted === "TIMESTAMP_MILLIS") return keepRaw(element, formatTimes(PER_SECOND.MILLIS, true));
  if (converted === "TIMESTAMP_MICROS") return keepRaw(element, formatTimes(PER_SECOND.MICROS, true));
  if (logical?.type === "TIME") return keepRaw(element, formatClocks(PER_SECOND[logical.unit]));
  if (converted === "TIME_MILLIS") return keepRaw(element, formatClocks(PER_SECOND.MILLIS));
  if (converted === "TIME_MICROS") return keepRaw(element, formatClocks(PER_SECOND.MICROS));
  if (type === "INT96") return { toText: memoize(formatTimes(PER_SECOND.NANOS, false)) };
  if (type === "FLOAT") {
    const toNumber = (value: unknown) => shortFloat(value as number);
    return { isFloating: true, toText: (value) => String(toNumber(value)), toNumber };
  }
  if (type === "DOUBLE" || kind === "FLOAT16") return { isFloating: true, toText: String, toNumber: Number };
  if (kind === "JSON" || converted === "JSON") element.converted_type = "UTF8";
  if (kind === "JSON") element.logical_type = undefined;
  if (type === "FIXED_LEN_BYTE_ARRAY" && kind !== "UUID") return "bytes of a fixed number";
  if (converted === "BSON" || kind === "BSON") return "BSON";
  if (kind === "GEOMETRY" || kind === "GEOGRAPHY" || kind === "VARIANT" || kind === "FILE") return kind.toLowerCase();
  if (type === undefined) return "a struct without columns";
  if (type === "INT32" || type === "INT64") return { toText: String, toNumber: Number };
  return { toText: String, isText: type === "BYTE_ARRAY" };
}

/** Takes the meaning from an element, so that its values come as they are stored. */
function keepRaw(element: SchemaElement, toText: (value: bigint) => string): ElementKind {
  element.converted_type = undefined;
  element.logical_type = undefined;
  return { toText: memoize(toText) };
}

// Dates, prices and times of a column repeat; beyond this many, the texts are made anew.
const REMEMBERED = 1 << 16;

function memoize(toText: (value: bigint) => string): (value: unknown) => string {
  const texts = new Map<unknown, string>();
  return (value) => {
    const known = texts.get(value);
    if (known !== undefined) return known;
    if (texts.size === REMEMBERED) texts.clear();
    const text = toText(value instanceof Uint8Array ? toBigInt(value) : BigInt(value as bigint | number));
    texts.set(value, text);
    return text;
  };
}

/** Reads a number in two's complement, the highest byte first. */
function toBigInt(bytes: Uint8Array): bigint {
  const unsigned = bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  return BigInt.asIntN(8 * bytes.length, unsigned);
}

/** Returns the number of the fewest digits that tell a float32 number from all others, as other tools write it. */
function shortFloat(value: number): number {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return value;
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}

function formatDecimals(scale: number): (value: bigint) => string {
  return (value) => {
    const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0");
    const whole = digits.slice(0, digits.length - scale);
    return `${value < 0n ? "-" : ""}${whole}${scale > 0 ? `.${digits.slice(-scale)}` : ""}`;
  };
}

const PER_SECOND = { MILLIS: 1000n, MICROS: 1_000_000n, NANOS: 1_000_000_000n } as const;

const SECONDS_PER_DAY = 86_400n;

function formatDate(days: number): string {
  const date = new Date(days * 86_400_000);
  return Number.isNaN(date.getTime()) ? `day ${days}` : date.toISOString().replace(/T.*$/, "");
}

/** Writes times since 1970 as ISO 8601 with a Z, or as SQL does where they are of no zone. */
function formatTimes(perSecond: bigint, isUtc: boolean): (value: bigint) => string {
  const formatClock = formatClocks(perSecond);
  const perDay = perSecond * SECONDS_PER_DAY;
  return (value) => {
    const clock = ((value % perDay) + perDay) % perDay;
    const day = formatDate(Number((value - clock) / perDay));
    return isUtc ? `${day}T${formatClock(clock)}Z` : `${day} ${formatClock(clock)}`;
  };
}

/** Writes times of a day, with as many digits behind the second as are not 0. */
function formatClocks(perSecond: bigint): (value: bigint) => string {
  const width = String(perSecond).length - 1;
  return (value) => {
    const seconds = Number(value / perSecond);
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    const fraction = String(value % perSecond).padStart(width, "0").replace(/0+$/, "");
    return `${parts.map((part) => String(part).padStart(2, "0")).join(":")}${fraction === "" ? "" : `.${fraction}`}`;
  };
}
