/**
 * `weft join-labels`.
 *
 * @module
 */
import { join } from "node:path";
import { formatNames, formatText } from "../data/format.ts";
import { readRecords } from "../data/records.ts";
import { readLines } from "../data/source.ts";
import { replaceFile } from "../files.ts";
import { LOG_SUFFIX } from "../host/log_folder.ts";
import type { LogLine } from "../serve/request_log.ts";
import { type CommandInfo, parseOptions } from "./options.ts";
import type { Streams } from "./streams.ts";
import { formatCount } from "./table.ts";

const GROUPS = {
  "Files": {
    log: { value: "FOLDER", help: "log of served rows that serve wrote" },
    labels: {
      value: "FILE",
      help: "CSV of labels, plain or gzip: a column of request ids, perhaps one of row numbers,\nand labels",
    },
    out: { value: "FILE", help: "rows with labels, as JSON lines that train reads (such as joined.jsonl)" },
  },
  "Labels": {
    id: { value: "COLUMN", help: "column of request ids (default id)" },
    index: {
      value: "COLUMN",
      help: "column of row numbers within a request, from 0 (default index);\nwithout it, labels are those of row 0",
    },
    otherwise: {
      value: "VALUE",
      help:
        "label of served rows that the file does not name, such as 0 where only clicks\nare told; they are left out when absent",
    },
    model: { value: "NAME", help: "rows of this model alone; needed where the log has several" },
  },
} as const;

/** Describes `weft join-labels`. */
export const JOIN_LABELS: CommandInfo<typeof GROUPS> = {
  name: "join-labels",
  summary: "join labels to the served rows of a log, to train on them",
  options: GROUPS,
  notes: [
    "Beside the row's columns and its labels, a line has served_time, served_id, served_index and served_version, for",
    "example for --time served_time. The file that a running server still writes is not read.",
  ],
  examples: [
    "join-labels --log served --labels clicks.csv --otherwise 0 --out joined.jsonl",
    "train --data joined.jsonl --label click --categorical user,item --time served_time --split 0.9,0.1 --split-by served_time",
  ],
};

/** Labels of a row, and whether the log has it. */
interface Labels {
  readonly values: readonly string[];
  isJoined: boolean;
}

/** A file of labels. */
interface LabelFile {
  /** Names of the labels. */
  readonly names: readonly string[];
  /** Labels by request and row. */
  readonly rows: Map<string, Labels>;
  /** Rows that were labeled again. */
  readonly repeated: number;
}

/** Runs `weft join-labels`. */
export async function joinLabels(args: readonly string[], streams: Streams): Promise<number> {
  const options = parseOptions(JOIN_LABELS, args);
  const [folder, path, out] = [options.required("log"), options.required("labels"), options.required("out")];
  const labels = await readLabels(path, options.text("id") ?? "id", options.text("index") ?? "index");
  const [otherwise, model] = [options.text("otherwise"), options.text("model")];
  const files = await listLog(folder);
  let [joined, unlabeled] = [0, 0];
  await replaceFile(out, async (file) => {
    const writer = new BlockWriter(file);
    for await (const line of readLog(files, model)) {
      const known = labels.rows.get(keyOf(line.id, line.index));
      if (known) {
        known.isJoined = true;
        joined++;
      } else unlabeled++;
      const values = known?.values ?? (otherwise === undefined ? undefined : labels.names.map(() => otherwise));
      if (values) await writer.write(formatRow(line, labels.names, values));
    }
    await writer.flush();
    if (joined === 0) throw new Error(`Cannot join labels: ids of "${path}" must be in the log, received none of them`);
  });
  const lost = [...labels.rows.values()].filter(({ isJoined }) => !isJoined).length;
  const fate = otherwise === undefined ? "left out" : `labeled ${formatText(otherwise)}`;
  streams.err(`${formatCount(joined, "row")} joined, ${formatCount(unlabeled, "row")} without a label ${fate}`);
  if (lost > 0) streams.err(`warning: ${formatCount(lost, "label")} belong to no row of the log`);
  if (labels.repeated > 0) {
    streams.err(`warning: of ${formatCount(labels.repeated, "row")} with labels again, the last count`);
  }
  streams.out(`Saved the rows to ${out}`);
  return 0;
}

const keyOf = (id: string, index: number | string): string => `${index} ${id}`;

/** Characters that are written at a time. */
const BLOCK = 1 << 16;

/** Writes texts to a file, many at a time. */
class BlockWriter {
  readonly #file: Deno.FsFile;
  #text = "";

  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  async write(text: string): Promise<void> {
    this.#text += text;
    if (this.#text.length >= BLOCK) await this.flush();
  }

  async flush(): Promise<void> {
    const bytes = new TextEncoder().encode(this.#text);
    this.#text = "";
    for (let done = 0; done < bytes.length;) done += await this.#file.write(bytes.subarray(done));
  }
}

function formatRow(line: LogLine, names: readonly string[], values: readonly string[]): string {
  const { time, id, index, version, row } = line;
  const labels = Object.fromEntries(names.map((name, i) => [name, values[i]]));
  const served = { served_time: time, served_id: id, served_index: index, served_version: version };
  return `${JSON.stringify({ ...served, ...row, ...labels })}\n`;
}

async function readLabels(path: string, idName: string, indexName: string): Promise<LabelFile> {
  const rows = new Map<string, Labels>();
  let [header, repeated]: [readonly string[] | undefined, number] = [undefined, 0];
  let [idAt, indexAt, places]: [number, number, readonly number[]] = [-1, -1, []];
  const refuse = (line: number, what: string): never => {
    throw new SyntaxError(`Cannot read "${path}" line ${line}: ${what}`);
  };
  for await (const records of readRecords(readLines(path, "utf-8"), { delimiter: ",", quotes: true, trim: false })) {
    for (const { line, cells, wrong } of records) {
      if (!cells) return refuse(line, wrong!);
      if (!header) {
        header = cells;
        [idAt, indexAt] = [cells.indexOf(idName), cells.indexOf(indexName)];
        if (idAt < 0) refuse(line, `expected a column ${formatText(idName)}, received ${formatNames(cells)}`);
        places = cells.map((_, i) => i).filter((i) => i !== idAt && i !== indexAt);
        if (places.length === 0) refuse(line, `expected columns of labels, received ${formatNames(cells)}`);
        continue;
      }
      if (cells.length !== header.length) refuse(line, `expected ${header.length} fields, received ${cells.length}`);
      const index = indexAt < 0 ? "0" : cells[indexAt];
      if (!/^\d+$/.test(index)) refuse(line, `expected a row number, received ${formatText(index)}`);
      const key = keyOf(cells[idAt], Number(index));
      if (rows.has(key)) repeated++;
      rows.set(key, { values: places.map((i) => cells[i]), isJoined: false });
    }
  }
  if (!header) throw new SyntaxError(`Cannot read "${path}": it must have a header, received no line`);
  const names = places.map((i) => header![i]);
  return { names, rows, repeated };
}

/** Lists the finished files of a log, the oldest first. */
async function listLog(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) if (name.endsWith(LOG_SUFFIX)) names.push(name);
  } catch (error) {
    throw new Error(`Cannot read the log "${folder}": ${(error as Error).message}`, { cause: error });
  }
  if (names.length === 0) {
    throw new Error(`Cannot read the log "${folder}": it must have finished files, received none`);
  }
  return names.sort().map((name) => join(folder, name));
}

/** Reads the lines of one model. */
async function* readLog(files: readonly string[], model: string | undefined): AsyncGenerator<LogLine> {
  let first = model;
  for (const file of files) {
    for await (const { line, lines } of readLines(file, "utf-8")) {
      for (const [i, text] of lines.entries()) {
        if (text === "") continue;
        const parsed = parseLine(file, line + i, text);
        first ??= parsed.model;
        if (parsed.model === first) yield parsed;
        else if (model === undefined) {
          throw new Error(`Cannot join labels: the log has models ${first} and ${parsed.model}; --model chooses one`);
        }
      }
    }
  }
}

function parseLine(file: string, line: number, text: string): LogLine {
  let parsed;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  if (typeof parsed?.id === "string" && typeof parsed.index === "number" && typeof parsed.row === "object") {
    return parsed;
  }
  throw new SyntaxError(`Cannot read "${file}" line ${line}: expected a served row, received ${formatText(text)}`);
}
