/**
 * Files that are not the text they should be, known by their first bytes.
 *
 * @module
 */

/** Bytes from the start of a file that tell its format. */
export const SNIFFED_BYTES = 262;

interface Format {
  readonly magic: string;
  readonly at?: number;
  readonly name: string;
  readonly advice: string;
}

const UNPACK = "unpack it, or pack the text with gzip";
const EXPORT = "export its rows as CSV";

const FORMATS: readonly Format[] = [
  {
    magic: "PK\x03\x04",
    name: "a zip archive, or a spreadsheet in one",
    advice: "unpack it or export CSV; gzip is read",
  },
  { magic: "PK\x05\x06", name: "an empty zip archive", advice: UNPACK },
  { magic: "PAR1", name: "Parquet", advice: "read it as parquet, which names in .parquet are" },
  { magic: "ARROW1", name: "Arrow", advice: EXPORT },
  { magic: "Obj\x01", name: "Avro", advice: EXPORT },
  { magic: "ORC", name: "ORC", advice: EXPORT },
  { magic: "SQLite format 3", name: "an SQLite database", advice: EXPORT },
  { magic: "\x89HDF", name: "HDF5", advice: EXPORT },
  { magic: "\xd0\xcf\x11\xe0", name: "a spreadsheet", advice: EXPORT },
  { magic: "\x28\xb5\x2f\xfd", name: "packed with zstd", advice: UNPACK },
  { magic: "BZh", name: "packed with bzip2", advice: UNPACK },
  { magic: "\xfd7zXZ", name: "packed with xz", advice: UNPACK },
  { magic: "7z\xbc\xaf", name: "a 7z archive", advice: UNPACK },
  { magic: "ustar", at: 257, name: "a tar archive", advice: "unpack it and name the file in it" },
];

/**
 * Says what a file is that holds no text, and what to do about it.
 *
 * @param head the first bytes, {@linkcode SNIFFED_BYTES} of them where there are as many
 */
export function describeFormat(head: Uint8Array): string | undefined {
  const text = String.fromCharCode(...head.subarray(0, SNIFFED_BYTES));
  const format = FORMATS.find(({ magic, at = 0 }) => text.startsWith(magic, at));
  // A file of text may begin with the letters of a format whose bytes go on with others.
  if (!format || (/^\w+$/.test(format.magic) && isText(head, format.at))) return undefined;
  return `expected text, received ${format.name}: ${format.advice}`;
}

/** Says why a file is no Parquet, by its first and last four bytes. */
export function describeNoParquet(head: Uint8Array, tail: Uint8Array): string | undefined {
  const [first, last] = [head, tail].map((bytes) => String.fromCharCode(...bytes));
  if (first === "PARE" || last === "PARE") return "expected Parquet, received encrypted Parquet: decrypt it";
  if (first === "PAR1") return last === "PAR1" ? undefined : "expected Parquet, received the beginning of it: cut off";
  if (first === "") return "expected Parquet, received no bytes";
  const other = FORMATS.find(({ magic, at }) => at === undefined && magic.slice(0, 4) === first.slice(0, magic.length));
  const packed = first.startsWith("\x1f\x8b") ? "gzip: unpack it" : undefined;
  return `expected Parquet, received ${packed ?? other?.name ?? "other bytes"}`;
}

/** Says which encoding the first bytes ask for, where it is not the one that is used. */
export function describeEncoding(head: Uint8Array, encoding: string): string | undefined {
  const marked = head[0] === 0xff && head[1] === 0xfe
    ? "utf-16le"
    : head[0] === 0xfe && head[1] === 0xff
    ? "utf-16be"
    : undefined;
  if (marked && marked !== encoding) return `the text is ${marked}: read it with encoding "${marked}"`;
  // UTF-16 of plain letters is valid UTF-8 with a zero byte beside each.
  if (encoding.startsWith("utf-16") || !head.includes(0)) return undefined;
  return `expected text in ${encoding}, received zero bytes: it may be in another encoding, such as "utf-16le"`;
}

/** Says how text is to be read that is not in the encoding that was used. */
export function describeUndecodable(encoding: string): string {
  const other = encoding === "utf-8" ? "latin1" : "utf-8";
  return `the text is not ${encoding}: read it with its own encoding, such as "${other}"`;
}

/** Tells whether bytes are plain ASCII text. */
function isText(head: Uint8Array, at = 0): boolean {
  return at === 0 && head.every((byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte < 127));
}
