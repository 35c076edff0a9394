/**
 * What is told about adapters, whatever finds them.
 *
 * @module
 */

/** What runs the shaders: a GPU, or the CPU through a driver of this kind. */
export type AdapterKind = "hardware" | "vulkan-software" | "gl-software" | "dx12-software" | "bundled";

/** An adapter and what is worth telling a person about it. */
export interface FoundAdapter {
  /** The adapter itself. */
  adapter: GPUAdapter;
  /** What runs the shaders. */
  kind: AdapterKind;
  /** One line that names the adapter and its kind. */
  description: string;
}

/** Options of {@linkcode requestAdapter} and {@linkcode listAdapters}. */
export interface AdapterOptions {
  /**
   * Whose implementation of WebGPU: Deno's own, or Dawn, which is loaded from an npm package. In a page there is only the
   * browser's. @default {"deno"}
   */
  backend?: "deno" | "dawn";
  /** Called with one line of text when the bundled driver has to be used. */
  announce?: (line: string) => void;
}

/** An adapter as {@linkcode listAdapters} reports it. */
export interface AdapterReport {
  /** The requests that lead to this adapter. */
  requestedAs: string[];
  /** What runs the shaders. */
  kind: AdapterKind;
  /** The interface that Deno drives it through, where that can be told. */
  backend: "vulkan" | "gl" | "metal" | undefined;
  /** The maker's name, or its number where it is not a common one. */
  vendor: string;
  /** The name that the driver gives. */
  description: string;
  /** Optional WebGPU features, sorted. */
  features: string[];
  /** The limits that bound a model, sizes in bytes. */
  limits: Record<string, number>;
}
