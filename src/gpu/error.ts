/** A failure of the device or of a shader; `cause` holds what the runtime reported. */
export class GpuError extends Error {
  /** Creates the error from a sentence of the form `Cannot <action>: <state>`. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "GpuError";
  }
}
