/**
 * What a plan asks of its nodes: the kernels that they run, and where their tensors and images are.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { createImage, type ImageCopy, type ImageRange, TEXEL_BYTES } from "../gpu/image.ts";
import { type BufferRange, type Dispatch, prepare } from "../gpu/kernel.ts";
import { ownerOf } from "./memory.ts";
import { type Emitter, Image, type KernelCall, type Node } from "./node.ts";
import type { PlanOptions } from "./plan.ts";
import { Tensor } from "./tensor.ts";

/** What a plan encodes: a dispatch, or a copy into an image. */
export type Command = Dispatch | ImageCopy;

/** Commands that compute one problem of a kernel: those from `first` to before `end`. */
export interface Span {
  /** Kernel and problem. */
  readonly problem: string;
  /** First command. */
  readonly first: number;
  /** One past the last command. */
  readonly end: number;
}

/** What nodes have asked for, before any buffer or pipeline is made for it. */
export interface Emission {
  /** Dispatches and copies in order. */
  readonly calls: readonly (KernelCall | Copy)[];
  /** Texels of each image. */
  readonly images: readonly number[];
  /** Names of the variants that were chosen, by kernel and problem. */
  readonly kernels: ReadonlyMap<string, string>;
  /** Dispatches and copies of each choice among variants. */
  readonly spans: readonly Span[];
  /** Scratch memory that each node asked for. */
  readonly scratch: ReadonlyMap<Node, readonly Tensor[]>;
}

interface Copy {
  readonly from: Tensor;
  readonly first: number;
  readonly to: Image;
}

/** Has all nodes emit their dispatches. */
export function emit(gpu: Gpu, options: PlanOptions, nodes: readonly Node[]): Emission {
  const calls: (KernelCall | Copy)[] = [];
  const images: number[] = [];
  const kernels = new Map<string, string>();
  const spans: Span[] = [];
  const scratch = new Map<Node, Tensor[]>();
  const read = new Set<Tensor>([...options.outputs, ...(options.pinned?.keys() ?? [])].map(ownerOf));
  for (const node of nodes) for (const input of node.inputs) read.add(ownerOf(input));
  for (const node of nodes) {
    if (node.op.alias) continue;
    const taken = new Set<number>();
    let held: { readonly tensor: Tensor; readonly images: Map<string, Image> } | undefined;
    const emitter: Emitter = {
      gpu,
      batch: options.batch,
      run: (call) => calls.push(call),
      preferred: options.kernels ?? {},
      chose: (problem, variant, append) => {
        const first = calls.length;
        append();
        kernels.set(problem, variant);
        spans.push({ problem, first, end: calls.length });
      },
      scratch: (shape, dtype) => {
        const tensor = new Tensor(node.inputs[0].graph, shape, { kind: "scratch", node }, dtype);
        const known = scratch.get(node);
        if (known) known.push(tensor);
        else scratch.set(node, [tensor]);
        return tensor;
      },
      image: (texels) => {
        let slot = 0;
        while (taken.has(slot)) slot++;
        taken.add(slot);
        images[slot] = Math.max(images[slot] ?? 0, texels);
        return new Image(slot, texels);
      },
      free: (...freed) => freed.forEach(({ slot }) => taken.delete(slot)),
      held: (tensor, part, make) => {
        if (held?.tensor !== tensor) {
          if (held) emitter.free(...held.images.values());
          held = { tensor, images: new Map() };
        }
        const image = held.images.get(part) ?? make();
        held.images.set(part, image);
        return image;
      },
      copy: (from, first, to) => calls.push({ from, first, to }),
      needed: (tensor) => read.has(tensor),
      shards: (table, slot) => options.storage.shards(table, slot),
    };
    node.op.emit(emitter, node);
  }
  return { calls, images, kernels, spans, scratch };
}

/** Returns the bytes of some images. */
export function imageBytes(images: readonly number[]): number {
  return images.reduce((sum, texels) => sum + TEXEL_BYTES * texels, 0);
}

/** Creates a plan's images. */
export function createImages(gpu: Gpu, name: string, images: readonly number[]): GPUTexture[] {
  const made: GPUTexture[] = [];
  try {
    for (const [i, texels] of images.entries()) made.push(createImage(gpu, `${name}.image${i}`, texels));
    return made;
  } catch (error) {
    for (const image of made) image.destroy();
    throw error;
  }
}

/** Compiles all pipelines concurrently and makes all bind groups, or none. */
export async function prepareAll(
  gpu: Gpu,
  { calls }: Emission,
  images: readonly GPUTexture[],
  resolve: (tensor: Tensor) => BufferRange,
): Promise<Command[]> {
  const views = gpu.perform("make views of images", () => images.map((image) => image.createView()));
  const place = (value: Tensor | Image | BufferRange): BufferRange | ImageRange => {
    if (value instanceof Image) {
      return { view: views[value.slot], texture: images[value.slot], bytes: TEXEL_BYTES * value.texels };
    }
    return value instanceof Tensor ? resolve(value) : value;
  };
  const outcomes = await Promise.allSettled(calls.map((call): Command | Promise<Command> => {
    if ("from" in call) {
      const { buffer, offset = 0 } = resolve(call.from);
      const { slot, texels } = call.to;
      return { from: { buffer, offset: offset + 4 * call.first }, to: images[slot], texels };
    }
    const bind: Record<string, BufferRange | ImageRange> = {};
    for (const [name, value] of Object.entries(call.bind)) if (value !== undefined) bind[name] = place(value);
    return prepare(gpu, { ...call, bind });
  }));
  const commands = outcomes.flatMap((outcome) => outcome.status === "fulfilled" ? [outcome.value] : []);
  const refused = outcomes.find((outcome) => outcome.status === "rejected");
  if (!refused) return commands;
  for (const command of commands) if ("params" in command) command.params?.destroy();
  throw refused.reason;
}
