import { nfm } from "../../models/mod.ts";
import { checkGolden } from "../golden.ts";

const hidden = [8, 6];

Deno.test("nfm equals PyTorch in logits, gradients and three steps", () => checkGolden("nfm", nfm({ dim: 4, hidden })));
