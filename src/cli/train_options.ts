/**
 * The options of `weft train`.
 *
 * @module
 */
import { AVERAGING_OPTIONS } from "./averaging.ts";
import { CACHE_OPTION } from "./cache.ts";
import { BAD_ROW_OPTION, DATA_OPTIONS, MISSING_OPTION } from "./data.ts";
import { GPU_OPTION } from "./device.ts";
import { GROWTH_OPTIONS } from "./growth.ts";
import { LOSS_OPTIONS, MODEL_OPTIONS, OPTIMIZER_OPTIONS } from "./model.ts";
import type { CommandInfo, NameOf } from "./options.ts";
import { PART_OPTIONS } from "./parts.ts";
import { PRETRAINED_OPTIONS } from "./pretrained.ts";
import { RECORD_OPTIONS } from "./record.ts";
import { SCHEDULE_OPTIONS } from "./schedule.ts";
import { SCHEMA_OPTIONS } from "./schema.ts";
import { TUNING_OPTION } from "./tuning.ts";

const GROUPS = {
  "Data": { ...DATA_OPTIONS, ...BAD_ROW_OPTION, ...MISSING_OPTION, ...CACHE_OPTION },
  "Schema": SCHEMA_OPTIONS,
  "Evaluation": {
    ...PART_OPTIONS,
    "evaluate-every": {
      value: "N",
      help: "evaluate the validation rows every N steps too; --patience counts each evaluation",
    },
    patience: {
      value: "N",
      help: "stop after N epochs in a row without a better validation\n(default 2; 0 never stops)",
    },
    monitor: {
      value: "METRIC",
      help: "what better means: auc (default), concordance (default for times), logloss, brier,\n" +
        "normalizedEntropy, or one of --metrics; of a task as in auc.click; or a weighted sum,\n" +
        "as in auc=1,logloss=-1; with --real rmse (default) or mae",
    },
    metrics: {
      value: "LIST",
      help: "further metrics of each evaluation: averagePrecision, ece, and with --group gauc,\n" +
        "gaucMean, mrr, ndcg@K, map@K, hitRate@K, precision@K, recall@K",
    },
    group: { value: "COLUMN", help: "field that groups the validation rows, such as a user (default metric gauc)" },
    "lr-factor": { value: "F", help: "what such an epoch multiplies the learning rate by (default 0.1)" },
  },
  "Model": {
    ...MODEL_OPTIONS,
    "embedding-std": {
      value: "STD",
      help: "standard deviation of the first embeddings (default: the model's, mostly 0.0001)",
    },
    ...PRETRAINED_OPTIONS,
    from: {
      value: "FILE",
      help:
        "go on from this trained model, on new data: its model function, columns,\nvocabularies and scalings are kept; " +
        "names that it does not know stay unseen",
    },
    ...GROWTH_OPTIONS,
    "from-fm": { value: "FILE", help: "start an fnn from the tables of this trained fm of the same width and data" },
  },
  "Training": {
    epochs: { value: "N", help: "passes over the training rows at most\n(default 10 with validation rows, 1 without)" },
    "batch-size": { value: "N", help: "rows of a step (default 4096)" },
    ...LOSS_OPTIONS,
    ...OPTIMIZER_OPTIONS,
    ...SCHEDULE_OPTIONS,
    ...AVERAGING_OPTIONS,
    "task-weights": {
      value: "LIST",
      help:
        "weights of the losses of several labels, such as click=1,buy=0.5 (default 1),\nor uncertainty, which learns them",
    },
    "initial-bias": {
      value: "HOW",
      help: "log-odds starts at the rate of the training labels (default for a new model),\nkeep where the model is",
    },
    "negative-rate": {
      value: "W",
      help:
        "share of the negative training rows to keep, at random; the model corrects its\nprobabilities for it (default 1)",
    },
    "epoch-negatives": {
      value: "W",
      help:
        "share of the negative training rows that an epoch takes; each epoch takes the next ones,\nand the model corrects " +
        "its probabilities for it (default 1)",
    },
    "unseen-share": {
      value: "SHARE",
      help:
        "share of the values that training replaces by unseen ones, so that the model learns\nwhat to say about those " +
        "(default 0.01; 0 for none)",
    },
    "field-dropout": {
      value: "P",
      help: "probability, below 1, of dropping a field of a row in training (default 0)",
    },
    seed: { value: "N", help: "seed of parameters, shuffling and dropout (default 1)" },
    shuffle: {
      value: "HOW",
      help: "rows (default) shuffles all rows each epoch; window, for rows that do not fit in memory,\n" +
        "shuffles blocks of 8,192 rows, and the rows of each 32 blocks among each other;\n" +
        "none takes them as they come",
    },
    "memory-budget": {
      value: "MIB",
      help: "device memory for rows; more of them stream (default: half of the largest buffer)",
    },
  },
  "Files": {
    ...RECORD_OPTIONS,
    out: { value: "FILE", help: "the trained model (default MODEL.weft, or model.weft in the folder of --run)" },
    checkpoint: { value: "FILE", help: "checkpoint, written after each epoch and on Ctrl-C, SIGTERM or SIGHUP" },
    "checkpoint-every": { value: "N", help: "write it every N steps too" },
    ...TUNING_OPTION,
    ...GPU_OPTION,
    "tune-kernels": {
      help: "time the variants of the kernels first, where that was not done before, and train with\n" +
        "the fastest ones; a resumed run has those of its checkpoint",
    },
    resume: { value: "FILE", help: "checkpoint to go on from, with the other options as they were" },
    "other-kernels": { help: "go on although the device runs other kernels than before, to other bytes" },
    profile: { value: "FILE", help: "time each kernel and write a Chrome trace" },
    summary: { help: "list the layers, what each regularizer covers, and the memory of a step" },
  },
} as const;

/** Names of the options of `weft train`. */
export type TrainOption = NameOf<typeof GROUPS>;

/** Describes `weft train`. */
export const TRAIN: CommandInfo<typeof GROUPS> = {
  name: "train",
  summary: "train a model on a file and save it",
  options: GROUPS,
  notes: [
    "With a split or folds, vocabularies, scalings and buckets are fitted to the training rows alone.",
    "The same seed on the same adapter gives the same bytes; a run that was killed and resumed does too. Other kernels",
    "give others: those that were measured on this adapter run unless --tuning none is given.",
    "Ctrl-C, SIGTERM or SIGHUP save the checkpoint, or without --checkpoint the model so far; a second Ctrl-C quits at once.",
  ],
  examples: [
    "train --data clicks.csv --label click --categorical user,item,site --numeric price --split 0.8,0.1,0.1",
    "train --data clicks.csv --label click --categorical user,item --folds 5 --split-by group:user",
    "train --data train.tsv --validation valid.tsv --schema schema.json --model dnn --hidden 256,128 --dropout 0.2",
    "train --data log.csv --label y --positive yes --categorical a,b --checkpoint run.weft --checkpoint-every 500",
    "train --data log.csv --label y --categorical a,b --split 0.8,0.1,0.1 --run runs/first",
    "train --data log.csv --label y --categorical a,b --model fnn --from-fm fm.weft",
    "train --data log.csv --label y --categorical item,cate --sequences history:item,cates:cate@history --model din",
    "train --data log.csv --labels click,buy --categorical a,b --model mmoe --task-weights uncertainty",
    "train --data log.csv --label y --categorical user,item --dim 50 --pretrained item=vectors.txt",
    "train --data today.csv --from yesterday.weft --lr 0.0001 --out today.weft",
    "train --data today.csv --from yesterday.weft --grow --evaluate-first --out today.weft",
  ],
};
