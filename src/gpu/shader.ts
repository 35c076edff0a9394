/**
 * Shader texts: composed from parts, specialized, and reflected, so that launchers bind by name.
 *
 * @module
 */

/** One `.wgsl` file of a shader. */
export interface ShaderPart {
  /** Name of the file, for messages; no two files have the same one. */
  readonly file: string;
  /** The file's text. */
  readonly text: string;
}

/** A shader: parts concatenated in order. */
export interface Shader {
  /** Name of the kernel family. */
  readonly name: string;
  /** The parts, shared ones first. */
  readonly parts: readonly ShaderPart[];
}

/** Access to an image: a storage texture of four numbers a texel. */
export type ImageAccess = "read-only" | "write-only";

/** How a binding is declared. */
export interface Binding {
  /** Group in which it is declared: 0 for a kernel's own, 1 for the step's scalars. */
  readonly group: number;
  /** Slot in the group. */
  readonly slot: number;
  /** Access as WebGPU's layouts name it: a buffer's, or an image's. */
  readonly type: GPUBufferBindingType | ImageAccess;
}

/** A specialized shader text with what was found in it. */
export interface Module {
  /** The text handed to the compiler. */
  readonly code: string;
  /** Bindings by name. */
  readonly bindings: ReadonlyMap<string, Binding>;
  /** Scalars of `struct Params` in order. */
  readonly params: readonly { name: string; type: string }[];
  /** Values for `override` declarations. */
  readonly overrides: Readonly<Record<string, number>>;
  /** Turns a line of `code` into `file:line`. */
  locate(line: number): string;
}

/** Values that specialize a shader: overrides and `const` lines by number, `alias` lines by type name. */
export type Constants = Readonly<Record<string, number | boolean | string>>;

/** Declares a shader from its files, in order. */
export function shader(name: string, files: Readonly<Record<string, string>>): Shader {
  return { name, parts: Object.entries(files).map(([file, text]) => ({ file: `${file}.wgsl`, text })) };
}

const generated = new Map<string, Shader>();

/**
 * Declares a shader that ends with a text that TypeScript writes; each text is written once.
 *
 * @param source name of the file in `src/software/`, without its ending
 * @param sizes what the text depends on
 */
export function generatedShader(
  name: string,
  files: Readonly<Record<string, string>>,
  source: string,
  sizes: readonly (number | string)[],
  text: () => string,
): Shader {
  const key = [name, source, ...sizes, ...Object.keys(files)].join(" ");
  let made = generated.get(key);
  if (!made) {
    made = { name, parts: [...shader(name, files).parts, { file: `src/software/${source}.ts`, text: text() }] };
    generated.set(key, made);
  }
  return made;
}

/**
 * Composes and specializes a shader.
 *
 * @throws {RangeError} when a constant names nothing in the shader
 */
export function specialize(shader: Shader, constants: Constants): Module {
  let code = shader.parts.map((part) => part.text).join("\n");
  const overrides: Record<string, number> = {};
  for (const [name, value] of Object.entries(constants)) {
    const line = new RegExp(`^(override|const|alias) ${name}\\b([^=;]*)(=[^;]*)?;`, "m");
    const found = line.exec(code);
    if (!found) throw new RangeError(`Cannot specialize ${shader.name}: no constant has that name, received "${name}"`);
    if (found[1] === "override") overrides[name] = Number(value);
    else code = code.replace(line, `${found[1]} ${name}${found[2]}= ${literal(value, found[2])};`);
  }
  return { code, overrides, bindings: reflectBindings(code), params: reflectParams(code), locate: locator(shader) };
}

function literal(value: number | boolean | string, type: string): string {
  if (typeof value !== "number") return String(value);
  if (type.includes("f32")) return `f32(${value})`;
  return type.includes("u32") ? `${value}u` : String(value);
}

function reflectBindings(code: string): Map<string, Binding> {
  const bindings = new Map<string, Binding>();
  const pattern = /@group\((\d+)\)\s*@binding\((\d+)\)\s*var<(uniform|storage)(?:,\s*(read_write|read))?>\s*(\w+)\s*:/g;
  for (const [, group, slot, space, access, name] of code.matchAll(pattern)) {
    const type = space === "uniform" ? "uniform" : access === "read_write" ? "storage" : "read-only-storage";
    bindings.set(name, { group: Number(group), slot: Number(slot), type });
  }
  const images =
    /@group\((\d+)\)\s*@binding\((\d+)\)\s*var\s+(\w+)\s*:\s*texture_storage_2d<rgba32float, (read|write)>/g;
  for (const [, group, slot, name, access] of code.matchAll(images)) {
    bindings.set(name, { group: Number(group), slot: Number(slot), type: `${access as "read" | "write"}-only` });
  }
  return bindings;
}

function reflectParams(code: string): { name: string; type: string }[] {
  const body = (/struct Params\s*\{([^}]*)\}/.exec(code)?.[1] ?? "").replace(/\/\/.*$/gm, "");
  return [...body.matchAll(/(\w+)\s*:\s*(u32|i32|f32)/g)].map(([, name, type]) => ({ name, type }));
}

function locator(shader: Shader): (line: number) => string {
  return (line) => {
    let rest = line;
    for (const part of shader.parts) {
      const lines = part.text.split("\n").length;
      if (rest <= lines) return `${part.file}:${rest}`;
      rest -= lines;
    }
    return shader.name;
  };
}
