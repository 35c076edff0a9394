/** The files of the page about deployment are what their tools read, and their commands start servers that answer. */
import { parseAllDocuments } from "npm:yaml@2.9.1";
import { assert, assertEquals } from "@std/assert";
import { requestAdapter } from "../../src/adapter.ts";
import { ServerProcess, trainModel } from "../cli/server_process.ts";
import { inFolder } from "../folder.ts";

const FOLDER = new URL("../../src/serve/deploy/", import.meta.url);
const CLI = new URL("../../src/cli.ts", import.meta.url).pathname;
const read = (name: string) => Deno.readTextFileSync(new URL(name, FOLDER));

// Where no driver is installed, the bundled one needs more permissions.
const ignore = (await requestAdapter()).kind === "bundled";

const [runtime, service] = parseAllDocuments(read("kserve.yaml")).map((document) => {
  if ("errors" in document) assertEquals(document.errors, []);
  return document.toJS();
});

const container: Readonly<Record<string, readonly string[] | undefined>> = Object.fromEntries(
  [...read("Containerfile").replaceAll("\\\n", "").matchAll(/^(?:.* )?(CMD|ENTRYPOINT) (\[.*\])$/gm)].map((
    [line, name, list],
  ) => [line.startsWith("HEALTHCHECK") ? "HEALTHCHECK" : name, JSON.parse(list)]),
);

const systemd = /^ExecStart=(.*)$/m.exec(read("weft.service"))![1].split(" ");

Deno.test("KServe's files name the container's port, format and protocol", () => {
  assertEquals([runtime.kind, service.kind], ["ClusterServingRuntime", "InferenceService"]);
  assertEquals(runtime.spec.supportedModelFormats[0].name, service.spec.predictor.model.modelFormat.name);
  assertEquals(runtime.spec.protocolVersions, [service.spec.predictor.model.protocolVersion]);
  const [{ name, ports, readinessProbe, securityContext }] = runtime.spec.containers;
  const [port] = container.ENTRYPOINT!.slice(container.ENTRYPOINT!.indexOf("--port") + 1);
  assertEquals([name, ports[0].containerPort, readinessProbe.httpGet.port], ["kserve-container", 8080, 8080]);
  assertEquals([`${ports[0].containerPort}`, runtime.spec.annotations["prometheus.kserve.io/port"]], [port, port]);
  assertEquals([securityContext.runAsNonRoot, /^USER node$/m.test(read("Containerfile"))], [true, true]);
});

Deno.test("the container's check of health is a program, and it copies what it runs", () => {
  const [program, flag, code] = container.HEALTHCHECK!;
  assertEquals([program, flag], ["node", "-e"]);
  assert(typeof new Function(code) === "function");
  const copied = [...read("Containerfile").matchAll(/^COPY (.*) \S+$/gm)].flatMap(([, files]) => files.split(" "));
  for (const path of copied) assert(Deno.statSync(new URL(`../../../${path}`, FOLDER)), path);
});

/** The commands of the files, with the models that their folder must have. */
const COMMANDS: Readonly<Record<string, readonly [command: readonly string[], file: string]>> = {
  container: [[...container.ENTRYPOINT!, ...container.CMD!], "ctr/1/model.weft"],
  KServe: [
    [
      ...container.ENTRYPOINT!,
      ...runtime.spec.containers[0].args.map((arg: string) => arg.replace("{{.Name}}", "ctr")),
    ],
    "model.weft",
  ],
  systemd: [systemd, "ctr/1/model.weft"],
};

for (const [name, [command, file]] of Object.entries(COMMANDS)) {
  Deno.test({
    name: `the command for ${name} starts a server with the permissions that it names`,
    ignore,
    fn: () =>
      inFolder(async (folder) => {
        const models = `${folder}/models`;
        await Deno.mkdir(`${models}/${file}`.replace(/\/[^/]*$/, ""), { recursive: true });
        await trainModel(folder, `${models}/${file}`);
        // Triton's configuration may lie there.
        if (file.startsWith("ctr/")) await Deno.writeTextFile(`${models}/ctr/config.pbtxt`, 'name: "ctr"');
        const [, ...args] = command.map((word) =>
          word.replace(/^\/(mnt|srv)\/models|(?<==)\/(mnt|srv)\/models/g, models)
            .replace("0.0.0.0", "127.0.0.1").replace(/^80[08]0$|(?<=:)80[08]0$/, "0")
            .replace(/^(\/opt\/weft\/)?src\/cli\.ts$/, CLI)
        );
        assert(args.includes("--no-prompt") && !args.includes("-A"), args.join(" "));
        const child = new Deno.Command(Deno.execPath(), {
          args: [...args, "--batch-sizes", "8"],
          env: { NO_COLOR: "1" },
          stdin: "null",
          stdout: "piped",
          stderr: "piped",
        }).spawn();
        const server = new ServerProcess(child);
        const [, url] = await server.says(/serving ctr at (\S+)\n/);
        const body = JSON.stringify({ rows: [{ user: "u1", item: "i2", price: 3 }] });
        const answer = await (await fetch(`${url}/v1/predict`, { method: "POST", body })).json();
        assertEquals([answer.model, answer.scores.length], ["ctr", 1]);
        server.signal("SIGTERM");
        const { code, said } = await server.end();
        assertEquals(code, 0, said);
      }),
  });
}
