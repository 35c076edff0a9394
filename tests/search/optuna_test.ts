/** Journals read by Optuna itself, where there is a Python that has it: WEFT_TEST_PYTHON names it, or python3. */
import { join } from "node:path";
import { openJournal } from "../../src/search/journal_file.ts";
import { tpe } from "../../src/search/tpe.ts";
import { tune } from "../../src/search/tune.ts";
import { assertEquals } from "@std/assert";

const PYTHON = Deno.env.get("WEFT_TEST_PYTHON") ?? "python3";

const PROGRAM = `
import json, sys, optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
study, = optuna.get_all_study_names(JournalStorage(JournalFileBackend(sys.argv[1]))),
study = optuna.load_study(study_name=study[0], storage=JournalStorage(JournalFileBackend(sys.argv[1])))
print(json.dumps({
    "direction": study.direction.name,
    "best": study.best_trial.number,
    "trials": [{
        "number": t.number, "state": t.state.name, "params": t.params, "value": t.value,
        "reports": sorted(t.intermediate_values.items()), "error": t.user_attrs.get("error"),
        "seconds": t.duration.total_seconds(),
        "distributions": {name: str(d) for name, d in t.distributions.items()},
    } for t in study.trials],
}))
`;

async function python(...args: string[]): Promise<{ code: number; out: string }> {
  try {
    const { code, stdout } = await new Deno.Command(PYTHON, { args, stderr: "null" }).output();
    return { code, out: new TextDecoder().decode(stdout) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { code: 127, out: "" };
    throw error;
  }
}

const hasOptuna = (await python("-c", "import optuna")).code === 0;

Deno.test({
  name: `Optuna reads the same trials from a journal${hasOptuna ? "" : ` (skipped: ${PYTHON} has no optuna)`}`,
  ignore: !hasOptuna,
  fn: async () => {
    const path = join(await Deno.makeTempDir(), "study.log");
    const space = {
      lr: { log: [1e-4, 1e-2] },
      rows: { int: [256, 8192], log: true },
      layers: { int: [1, 7], step: 2, when: { model: "dcnv2" } },
      dropout: { uniform: [0, 0.5] },
      coarse: { uniform: [0, 0.5], step: 0.1 },
      model: ["deepfm", "dcnv2"],
      norm: [true, false],
      buckets: [null, 8],
    } as const;
    using journal = openJournal(path);
    const { trials, best, direction } = await tune({
      space,
      journal,
      sampler: tpe({ startupTrials: 5 }),
      trials: 24,
      direction: "minimize",
      objective: (trial) => {
        if (trial.number === 2) throw new Error("no such luck");
        const { dropout, lr } = trial.params;
        const value = dropout + Math.abs(Math.log10(lr) + 3);
        for (let epoch = 1; epoch < 4 && !trial.shouldStop; epoch++) trial.report(epoch, value + 1 / epoch);
        return value;
      },
    });
    const { code, out } = await python("-c", PROGRAM, path);
    assertEquals(code, 0);
    const seen = JSON.parse(out);
    assertEquals([seen.direction, seen.best], [direction.toUpperCase(), best!.number]);
    assertEquals(
      seen.trials.map(({ distributions: _, ...rest }: { distributions: unknown }) => rest),
      trials.map(({ number, state, params, value = null, reports, error = null, started, ended }) => ({
        number,
        state,
        params,
        value,
        reports: [...reports],
        error,
        seconds: (ended! - started!) / 1000,
      })),
    );
    assertEquals(seen.trials[0].distributions.lr, "FloatDistribution(high=0.01, log=True, low=0.0001, step=None)");
    await Deno.remove(path);
  },
});
