/**
 * The forms of ops on the processor. A model all of whose ops have one can be computed without a device.
 *
 * Two kinds of ops have none, because processor and device would be too far apart. Some choose by comparing sums: the
 * nearest cluster, codes by signs, buckets, best places. There the last bit may decide. Others take logarithms and powers
 * of magnitudes, for which WGSL allows devices errors of 2^-21.
 *
 * @module
 */
import type { Forms } from "./form.ts";
import { attentionForms } from "./forms/attention.ts";
import { crossForms } from "./forms/cross.ts";
import { denseForms } from "./forms/dense.ts";
import { elementForms } from "./forms/elements.ts";
import { embeddingForms } from "./forms/embedding.ts";
import { fieldForms } from "./forms/fields.ts";
import { historyForms } from "./forms/history.ts";
import { machineForms } from "./forms/machines.ts";
import { mapForms } from "./forms/maps.ts";
import { mixtureForms } from "./forms/mixtures.ts";
import { normForms } from "./forms/norm.ts";
import { pairForms } from "./forms/pairs.ts";
import { placeForms } from "./forms/places.ts";
import { recurrentForms } from "./forms/recurrent.ts";
import { shapeForms } from "./forms/shape.ts";

/** All forms, by the names of their ops. */
export const forms: Forms = {
  ...embeddingForms,
  ...denseForms,
  ...elementForms,
  ...normForms,
  ...shapeForms,
  ...fieldForms,
  ...mapForms,
  ...mixtureForms,
  ...machineForms,
  ...pairForms,
  ...crossForms,
  ...attentionForms,
  ...historyForms,
  ...placeForms,
  ...recurrentForms,
};
