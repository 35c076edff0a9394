/**
 * The error of forward passes on the processor.
 *
 * @module
 */

/** Tells that a model cannot be computed on the processor, and why. */
export class FormError extends TypeError {
  override name = "FormError";
}
