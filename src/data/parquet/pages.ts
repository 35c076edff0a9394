/**
 * The pages of a column that holds one value a row.
 *
 * The library makes a list of all values, each an object of its own. Here, what stands for a value is found once for each
 * value of a dictionary, and texts stay bytes of their page; headers, codecs and all encodings but the two that nearly all
 * files have, dictionaries and plain texts, are the library's.
 *
 * @module
 */
import type { ColumnDecoder, DataPageHeader, Encoding, PageHeader } from "npm:hyparquet@1.33.0/src/types.js";
import { padded } from "../byte_table.ts";
import type { Utf8Block } from "../text_pool.ts";
import { placeTexts, type TextPlaces } from "../utf8_texts.ts";
import type { ColumnValues } from "./file.ts";
import type { ParquetLibrary } from "./library.ts";
import { readRuns } from "./runs.ts";

/** A column of a row group. */
export interface ColumnChunk {
  /** Its pages. */
  readonly bytes: ArrayBuffer;
  /** Its rows. */
  readonly rows: number;
  /** Whether rows may have no value. */
  readonly optional: boolean;
  /** How the library decodes it. */
  readonly decoder: ColumnDecoder;
  readonly library: ParquetLibrary;
}

/** Values as they stand in a page, none of them missing. */
export interface RawValues {
  readonly chunk: ColumnChunk;
  readonly bytes: Uint8Array;
  readonly count: number;
  readonly encoding: Encoding;
}

/** What stands for values, one after the other. */
export interface Stored<A extends Uint32Array | Float64Array> {
  readonly array: A;
  /** Texts of those that have one beside, by position. */
  readonly odd?: ReadonlyMap<number, string>;
}

/** Stores the values of a column. */
export interface ValueStore<A extends Uint32Array | Float64Array> {
  /** Makes room for so many rows. */
  create(rows: number): A;
  /** Returns what stands for values. */
  store(values: RawValues): Stored<A>;
  /** Returns what stands for a missing one. */
  none(): number;
}

/** What stands for the rows of a column. */
export type StoredRows<A extends Uint32Array | Float64Array> = Required<Stored<A>>;

/**
 * Stores the values of a column.
 *
 * @throws {Error} when it is damaged
 */
export function storePages<A extends Uint32Array | Float64Array>(
  chunk: ColumnChunk,
  store: ValueStore<A>,
): StoredRows<A> {
  const { bytes, rows, library } = chunk;
  const reader = { view: new DataView(bytes), offset: 0 };
  const target = new RowTarget(rows, store);
  let dictionary: Stored<A> | undefined;
  while (target.row < rows) {
    if (reader.offset >= bytes.byteLength) throw new Error(`expected ${rows} values, received ${target.row}`);
    const header = library.parquetHeader(reader);
    const packed = new Uint8Array(bytes, reader.offset, header.compressed_page_size);
    reader.offset += packed.length;
    if (header.type === "DICTIONARY_PAGE") {
      const count = header.dictionary_page_header!.num_values;
      const values = unpack(chunk, packed, header.uncompressed_page_size);
      dictionary = count === 0 ? undefined : store.store({ chunk, bytes: values, count, encoding: "PLAIN" });
      continue;
    }
    const page = readPage(chunk, header, packed, rows - target.row);
    const isCoded = page.values.encoding === "PLAIN_DICTIONARY" || page.values.encoding === "RLE_DICTIONARY";
    if (!isCoded) target.put(page, store.store(page.values));
    else target.put(page, dictionary ?? { array: store.create(0) }, readIndices(page.values, dictionary?.array.length));
  }
  return target;
}

/** A page of values. */
interface Page {
  readonly rows: number;
  /** By row, 1 where it has a value; absent where all rows have one. */
  readonly present: Uint32Array | undefined;
  readonly values: RawValues;
}

/** Reads a page of so many rows at most up to its values. */
function readPage(chunk: ColumnChunk, header: PageHeader, packed: Uint8Array, most: number): Page {
  const { data_page_header: first, data_page_header_v2: second, uncompressed_page_size: size } = header;
  const known = first ?? second;
  if (!known) throw new Error(`expected a page of values, received ${header.type}`);
  const { num_values: rows, encoding } = known;
  if (rows > most) throw new Error(`expected ${most} values at most, received ${rows}`);
  if (second) {
    // What comes before the values is not packed.
    const start = second.repetition_levels_byte_length;
    const end = start + second.definition_levels_byte_length;
    const rest = packed.subarray(end);
    const bytes = second.is_compressed && size > end ? unpack(chunk, rest, size - end) : rest;
    const { present, count } = readPresence(chunk, packed.subarray(start, end), rows);
    return { rows, present, values: { chunk, bytes, count, encoding } };
  }
  const bytes = unpack(chunk, packed, size);
  const end = chunk.optional ? 4 + viewOf(bytes).getUint32(0, true) : 0;
  const { present, count } = readPresence(chunk, bytes.subarray(4, end), rows);
  return { rows, present, values: { chunk, bytes: bytes.subarray(end), count, encoding } };
}

function unpack({ decoder, library }: ColumnChunk, packed: Uint8Array, size: number): Uint8Array {
  return library.decompressPage(packed, size, decoder.codec, decoder.compressors);
}

/** Reads which rows have a value, and how many do. */
function readPresence(
  { optional }: ColumnChunk,
  bytes: Uint8Array,
  rows: number,
): Pick<Page, "present"> & { count: number } {
  if (!optional) return { present: undefined, count: rows };
  const present = new Uint32Array(rows);
  readRuns(bytes, 1, present);
  if (!present.includes(0)) return { present: undefined, count: rows };
  let count = 0;
  for (let row = 0; row < rows; row++) count += present[row];
  return { present, count };
}

/** Reads places in a dictionary of so many values. */
function readIndices({ bytes, count }: RawValues, values = 0): Uint32Array {
  const indices = new Uint32Array(count);
  if (count === 0) return indices;
  const [width] = bytes;
  if (width > 0) readRuns(bytes.subarray(1), width, indices);
  let largest = 0;
  for (let i = 0; i < count; i++) if (indices[i] > largest) largest = indices[i];
  if (largest >= values) throw new Error(`expected a place in a dictionary of ${values} values, received ${largest}`);
  return indices;
}

/** Rows that are being filled. */
class RowTarget<A extends Uint32Array | Float64Array> {
  readonly array: A;
  readonly odd = new Map<number, string>();
  readonly #store: ValueStore<A>;
  /** The next row. */
  row = 0;

  constructor(rows: number, store: ValueStore<A>) {
    this.array = store.create(rows);
    this.#store = store;
  }

  /**
   * Fills the rows of the next page.
   *
   * @param indices places of the values among what is stored; absent where all of it comes in order
   */
  put({ rows, present }: Page, { array: from, odd }: Stored<A>, indices?: Uint32Array): void {
    const { array, row: first } = this;
    if (present) {
      const none = this.#store.none();
      let next = 0;
      for (let i = 0; i < rows; i++) {
        if (present[i] === 0) array[first + i] = none;
        else array[first + i] = from[indices ? indices[next++] : next++];
      }
    } else if (indices) {
      for (let i = 0; i < rows; i++) array[first + i] = from[indices[i]];
    } else array.set(from, first);
    this.row += rows;
    if (!odd || odd.size === 0) return;
    let next = 0;
    for (let i = 0; i < rows; i++) {
      if (present?.[i] === 0) continue;
      const text = odd.get(indices ? indices[next] : next);
      if (text !== undefined) this.odd.set(first + i, text);
      next++;
    }
  }
}

/** Texts, and where they are. */
export interface PageTexts extends TextPlaces {
  readonly block: Utf8Block;
}

const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** Finds the texts of a page. */
export function findTexts(values: RawValues): PageTexts {
  const { count, encoding } = values;
  const bytes = encoding === "PLAIN" ? values.bytes : joinTexts(decodeRaw(values) as Uint8Array[]);
  const block = padded(bytes);
  const places = placeTexts(block, count);
  const text = lenient.decode(bytes);
  const isAscii = text.length === bytes.length && !text.includes("\ufffd");
  return { block: { ...block, ascii: isAscii ? text : undefined }, ...places };
}

/** Writes texts one after the other, the length of each before it. */
function joinTexts(texts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(texts.reduce((length, text) => length + 4 + text.length, 0));
  let at = 0;
  for (const text of texts) {
    viewOf(joined).setUint32(at, text.length, true);
    joined.set(text, at + 4);
    at += 4 + text.length;
  }
  return joined;
}

/** Decodes values as the library gives them. */
export function decodeValues(values: RawValues): ColumnValues {
  const { chunk: { decoder, library } } = values;
  return library.convert(decodeRaw(values), decoder);
}

function decodeRaw({ chunk: { decoder, library }, bytes, count, encoding }: RawValues) {
  // A path of the root alone has no rows without a value, of which nothing is left here.
  const schemaPath = decoder.schemaPath.slice(0, 1);
  const header = { num_values: count, encoding } as DataPageHeader;
  const values = library.readDataPage(bytes, header, { ...decoder, schemaPath }).dataPage;
  if (values.length !== count) throw new Error(`expected ${count} values in a page, received ${values.length}`);
  return values;
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}
