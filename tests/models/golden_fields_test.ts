import { autoint } from "../../models/autoint.ts";
import { fgcnn } from "../../models/fgcnn.ts";
import { mlr } from "../../models/mlr.ts";
import { xdeepfm } from "../../models/xdeepfm.ts";
import { DEEPCTR_LAYOUTS } from "../../src/interchange/state_dict/layouts.ts";
import { checkGolden } from "../golden.ts";

const dim = 4;
const hidden = [8, 6];

Deno.test("xdeepfm equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("xdeepfm", xdeepfm({ dim, hidden, cin: [4, 3] })));
Deno.test("xdeepfm with relu and split halves equals PyTorch in logits, gradients and three steps", () =>
  checkGolden(
    "xdeepfm_split",
    xdeepfm({ dim, hidden, cin: [6, 4], cinActivation: "relu", splitHalf: true, cinBias: false }),
    DEEPCTR_LAYOUTS.xdeepfm,
  ));

Deno.test("autoint with hidden layers and weights per value equals PyTorch", () =>
  checkGolden("autoint", autoint({ dim, hidden, width: 6, wide: true })));
Deno.test("autoint with scale and layer norm equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("autoint_ln", autoint({ dim, width: 6, scale: true, layerNorm: true })));

const sizes = { dim, hidden, channels: [3, 2], kernels: 3 };

Deno.test("fgcnn equals PyTorch in logits, gradients and three steps", () => checkGolden("fgcnn", fgcnn(sizes)));
Deno.test("fgcnn with batch norm equals PyTorch in logits, gradients, statistics and three steps", () =>
  checkGolden("fgcnn_bn", fgcnn({ ...sizes, convolutionNorm: true })));

Deno.test("mlr equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("mlr", mlr({ regions: 3 }), DEEPCTR_LAYOUTS.mlr));
Deno.test("mlr with shared weights equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("mlr_shared", mlr({ regions: 3, shared: true }), DEEPCTR_LAYOUTS.mlr));
