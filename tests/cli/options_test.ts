import { main } from "../../src/cli.ts";
import { nearest } from "../../src/cli/nearest.ts";
import { type CommandInfo, formatHelp, type Options, parseOptions, UsageError } from "../../src/cli/options.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";

const GROUPS = {
  "First": { rate: { value: "R", help: "a number" }, files: { value: "F", help: "one\nor more" } },
  "Second": { "batch-norm": { help: "a switch" }, out: { value: "FILE", help: "a file" } },
} as const;
const COMMAND: CommandInfo<typeof GROUPS> = {
  name: "weave",
  summary: "weaves",
  options: GROUPS,
  examples: ["weave --rate 1"],
};

const parse = (...args: string[]) => parseOptions(COMMAND, args);

function refusal(body: () => unknown): string {
  return assertThrows(body, UsageError).message;
}

/** Runs the command line and keeps what it writes. */
async function runMain(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: "", err: "" };
  const code = await main(args, {
    out: (text) => void (written.out += `${text}\n`),
    err: (text) => void (written.err += `${text}\n`),
  });
  return { code, ...written };
}

Deno.test("options are read with their types", () => {
  const options = parse("--rate", "-0.5", "--files", "a,b", "--files=c, d", "--batch-norm", "--out", "-");
  assertEquals(options.number("rate"), -0.5);
  assertEquals(options.texts("files"), ["a,b", "c, d"]);
  assertEquals(options.list("files"), ["a", "b", "c", "d"]);
  assertEquals(options.exact("files"), ["a", "b", "c", " d"]);
  assertEquals([options.has("batch-norm"), parse().has("batch-norm")], [true, false]);
  assertEquals(options.required("out"), "-");
  assertEquals(parse().text("out"), undefined);
});

Deno.test("a misspelt option is named with the nearest one", () => {
  assertEquals(refusal(() => parse("--rat", "1")), 'Cannot run weave: no option "--rat", did you mean "--rate"');
  assertEquals(
    refusal(() => parse("--batch_norm")),
    'Cannot run weave: no option "--batch_norm", did you mean "--batch-norm"',
  );
  assertEquals(refusal(() => parse("--quantum")), 'Cannot run weave: no option "--quantum"; see --help');
  assertEquals(refusal(() => parse("-x")), 'Cannot run weave: no option "-x"; see --help');
});

Deno.test("values that are missing, surplus or repeated are refused", () => {
  assertEquals(refusal(() => parse("--rate")), 'Cannot run weave: option "--rate" needs a value');
  assertEquals(refusal(() => parse("--rate", "--batch-norm")), 'Cannot run weave: option "--rate" needs a value');
  assertStringIncludes(refusal(() => parse("file.csv")), 'unexpected argument "file.csv"');
  assertStringIncludes(refusal(() => parse("--", "file.csv")), 'unexpected argument "file.csv"');
  assertStringIncludes(refusal(() => parse("--out", "a", "--out", "b").text("out")), "must be given once");
  assertStringIncludes(refusal(() => parse().required("out")), 'option "--out" is missing');
});

Deno.test("values of the wrong type or range are refused with what was received", () => {
  const cases: [string, (options: Options<"rate">) => unknown, string][] = [
    ["x", (options) => options.number("rate"), 'option "--rate" must be a number, received "x"'],
    [" ", (options) => options.number("rate"), 'option "--rate" must be a number, received " "'],
    ["Infinity", (options) => options.number("rate"), 'option "--rate" must be a number, received "Infinity"'],
    ["2", (options) => options.number("rate", 0, 1), 'option "--rate" must be a number from 0 to 1, received "2"'],
    ["0", (options) => options.number("rate", 1), 'option "--rate" must be a number of at least 1, received "0"'],
    ["1.5", (options) => options.integer("rate", 1), 'option "--rate" must be an integer, received "1.5"'],
    ["1,a", (options) => options.numbers("rate"), 'option "--rate" must be a number, received "a"'],
    [",", (options) => options.numbers("rate"), 'option "--rate" needs a value'],
    [
      "adm",
      (options) => options.choice("rate", ["sgd", "adam"]),
      'option "--rate" must be one of sgd, adam, received "adm", did you mean "adam"',
    ],
  ];
  for (const [text, read, message] of cases) {
    assertEquals(refusal(() => read(parse("--rate", text))), `Cannot run weave: ${message}`);
  }
});

Deno.test("options that exclude or need each other are refused", () => {
  const both = parse("--rate", "1", "--out", "a");
  assertEquals(
    refusal(() => both.exclude("out", ["files", "rate"])),
    'Cannot run weave: option "--rate" cannot be used with "--out"',
  );
  assertEquals(refusal(() => both.require("files", ["rate"])), 'Cannot run weave: option "--rate" needs "--files"');
  both.require("rate", ["out"]);
  both.exclude("files", ["out"]);
});

Deno.test("help lists every option of every group, the lines of an explanation below each other", () => {
  const lines = formatHelp(COMMAND).split("\n");
  assertEquals(lines.slice(0, 6), [
    "weft weave: weaves",
    "",
    "First:",
    "  --rate R      a number",
    "  --files F     one",
    "                or more",
  ]);
  assert(lines.includes("  --batch-norm  a switch") && lines.includes("  --debug       print the stack of an error"));
  assertEquals(lines.slice(-2), ["Examples:", "  weft weave --rate 1"]);
});

Deno.test("nearest() counts swapped letters as one error and gives up on words that are far", () => {
  assertEquals(nearest("trian", ["train", "predict"]), "train");
  assertEquals(nearest("optimizer", ["optimizer", "out"]), "optimizer");
  assertEquals(nearest("serve", ["train", "demo"]), undefined);
  assertEquals(nearest("lr", ["dim", "lr-factor"]), undefined);
});

Deno.test("wrong arguments end with code 2 and one line", async () => {
  const cases: [string[], string][] = [
    [["trian"], 'Cannot run weft: no command "trian", did you mean "train"'],
    [
      ["--version"],
      'Cannot run weft: no command "--version", there are describe, train, tune, runs, benchmark, evaluate, compare, calibrate, ' +
      "predict, report, quantize, serve, join-labels, export, import, devices, tune-kernels, demo",
    ],
    [["train", "--epoch", "5"], 'Cannot run train: no option "--epoch", did you mean "--epochs"'],
    [["train"], 'Cannot run train: option "--data" is missing'],
    [["train", "--data", "x"], 'Cannot run train: option "--label" is missing'],
    [
      ["train", "--data", "x", "--label", "y"],
      'Cannot run train: option "--categorical" or "--numeric" is missing: the model needs at least one column',
    ],
    [
      ["train", "--data", "x", "--label", "y", "--categorical", "a,y"],
      'Cannot run train: column "y" is the label, it cannot be a feature too',
    ],
    [
      ["train", "--data", "x", "--label", "y", "--categorical", "a", "--numeric", "a"],
      'Cannot run train: column "a" is named twice',
    ],
    [
      ["train", "--data", "x", "--label", "y", "--schema", "s.json"],
      'Cannot run train: option "--label" cannot be used with "--schema"',
    ],
    [
      ["train", "--data", "x", "--split", "0.9,0.2"],
      'Cannot run train: option "--split" must be two or three shares that sum to 1, received "0.9,0.2"',
    ],
    [
      ["train", "--data", "x", "--split", "0.9,0.1", "--validation", "v"],
      'Cannot run train: option "--validation" cannot be used with "--split"',
    ],
    [
      ["train", "--data", "x", "--checkpoint-every", "5"],
      'Cannot run train: option "--checkpoint-every" needs "--checkpoint"',
    ],
    [
      ["train", "--data", "x", "--optimizer", "adma"],
      'Cannot run train: option "--optimizer" must be one of adam, adamw, lamb, lion, rmsprop, sgd, adagrad, rowwise_adagrad, ftrl, received "adma", did you mean "adam"',
    ],
    [
      ["train", "--data", "x", "--optimizer-of", "wide=ftrl"],
      'Cannot run train: option "--optimizer-of" must begin with network, embedding, linear, received "wide"',
    ],
    [
      ["train", "--data", "x", "--optimizer-of", "linear=ftrl,lr"],
      'Cannot run train: option "--optimizer-of" must be like linear=ftrl,lr=0.05, received "lr"',
    ],
    [
      ["train", "--data", "x", "--optimizer-of", "linear=ftrl", "--optimizer-of", "linear=sgd"],
      'Cannot run train: option "--optimizer-of" must name "linear" once, received two optimizers',
    ],
    [
      ["train", "--data", "x", "--optimizer-of", "linear=ftrl,momentum=1"],
      'Cannot run train: optimizer ftrl: its options are lr, beta, l1, l2, embeddingUpdate, received "momentum"',
    ],
    [
      ["train", "--data", "x", "--optimizer-options", "momentun=0.9"],
      'Cannot run train: optimizer adam: its options are lr, beta1, beta2, eps, embeddingUpdate, received "momentun"',
    ],
    [
      ["train", "--data", "x", "--model-options", "[1]"],
      'Cannot run train: option "--model-options" must be an object',
    ],
    [["train", "--data", "x", "--dropout", "1"], 'Cannot run train: option "--dropout" must be below 1, received "1"'],
    [["train", "--data", "x", "--model", "deepfn"], 'Cannot run train: option "--model" must be one of'],
    [["train", "--data", "x.libsvm", "--label", "y"], 'Cannot run train: option "--label" is not for libsvm files'],
    [
      ["train", "--data", "x", "--delimiter", '"'],
      'Cannot run train: option "--delimiter" must be a text without quotes and line ends, received',
    ],
    [["evaluate", "--data", "x"], 'Cannot run evaluate: option "--model-file" is missing'],
    [["predict", "--model-file", "m.weft"], 'Cannot run predict: option "--data" is missing'],
  ];
  for (const [args, message] of cases) {
    const { code, out, err } = await runMain(...args);
    assertEquals([code, out, err.split("\n").length], [2, "", 2], args.join(" "));
    assertEquals(err.slice(0, message.length), message);
  }
});

Deno.test("--help of each command exits with 0 and prints to stdout", async () => {
  const overview = await runMain();
  assertEquals([overview.code, overview.err], [0, ""]);
  const names = "train evaluate calibrate predict report quantize serve export import devices tune-kernels demo";
  for (const name of names.split(" ")) {
    assertStringIncludes(overview.out, `\n  ${name} `);
    const { code, out, err } = await runMain(name, "--help");
    assertEquals([code, err], [0, ""]);
    assertStringIncludes(out, `weft ${name}: `);
    assertEquals(await runMain("help", name), { code, out, err });
    for (const line of out.split("\n")) assert(line.length <= 120, line);
  }
});

Deno.test("an option may stand alone where it has a value of its own, and files by themselves where a command takes them", () => {
  const options = {
    Group: { intervals: { value: "N", otherwise: "1000", help: "intervals" }, json: { help: "json" } },
  };
  const command = { name: "compare", summary: "compare", options, operands: "FILE...", examples: ["compare a b"] };
  const alone = parseOptions(command, ["a.csv", "b.csv", "--intervals", "--json"]);
  assertEquals([alone.integer("intervals", 2), alone.has("json"), alone.operands], [1000, true, ["a.csv", "b.csv"]]);
  assertEquals(parseOptions(command, ["--json", "--intervals"]).integer("intervals", 2), 1000);
  assertEquals(parseOptions(command, ["--intervals", "50", "a.csv"]).integer("intervals", 2), 50);
  assertThrows(() => parseOptions(command, ["a.csv", "--intervls"]), UsageError, 'did you mean "--intervals"');
  assertThrows(
    () => parseOptions({ ...command, operands: undefined }, ["a.csv"]),
    UsageError,
    'unexpected argument "a.csv"',
  );
  const help = formatHelp(command);
  assertEquals([help.split("\n")[0], help.includes("--intervals [N]")], ["weft compare FILE...: compare", true]);
});
