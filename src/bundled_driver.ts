/**
 * SwiftShader, a Vulkan driver for the CPU: three files out of an npm package, checked and cached.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { brotliDecompressSync } from "node:zlib";
import { cacheFolder } from "./cache_folder.ts";

const PACKAGE = "@sparticuz/chromium@147.0.0";
const ARCHIVE = "bin/swiftshader.tar.br";
/** File name of the Vulkan loader. */
export const LOADER = "libvulkan.so.1";
/** File name of the manifest that names the driver to the loader. */
export const MANIFEST = "vk_swiftshader_icd.json";
/** Folder of the files below a cache folder. */
export const CACHE_FOLDER = "weft/swiftshader-147.0.0";

/** SHA-256 of each file that is taken from the archive. */
const BUNDLED_FILES: Record<string, string> = {
  [LOADER]: "fe17a77c1f2df38d3b6a935140f746fd80aac564bb44eb3e4f6b75a504295a41",
  "libvk_swiftshader.so": "5b9e8591c7c2d1c9618c3ad485d0cdffb81f5f1ffd6a982fdb6578c2d8d3213e",
  [MANIFEST]: "c9eef28b6b984fec220ef0abfecc40b502d46946706e47bfe97707027cb818bd",
};

/**
 * Makes sure that the driver's files are in a cache folder, downloading the package that holds them if they are not.
 *
 * @param announce told in one line that the driver is used
 * @returns the folder
 * @throws {Error} when the package cannot be fetched, is not as expected or no folder can be written
 */
export async function installBundledDriver(announce?: (line: string) => void): Promise<string> {
  const fallback = "No GPU driver found: using SwiftShader on the CPU, which is complete but slow";
  const folders = cacheFolders();
  const installed = folders.find(isIntact);
  announce?.(installed ? fallback : `${fallback} (68 MB to download, once)`);
  if (installed) return installed;
  const files = unpack(brotliDecompressSync(await fetchArchive()));
  let reason: unknown;
  for (const folder of folders) {
    try {
      Deno.mkdirSync(folder, { recursive: true });
      for (const name of Object.keys(BUNDLED_FILES)) writeWhole(`${folder}/${name}`, files.get(name));
      return folder;
    } catch (error) {
      reason = error;
    }
  }
  throw reason;
}

function cacheFolders(): string[] {
  return [cacheFolder(), Deno.env.get("TMPDIR") || "/tmp"].map((parent) => `${parent}/${CACHE_FOLDER}`);
}

function isIntact(folder: string): boolean {
  return Object.keys(BUNDLED_FILES).every((name) => {
    try {
      return isGenuine(name, Deno.readFileSync(`${folder}/${name}`));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return false;
      throw error;
    }
  });
}

function isGenuine(name: string, bytes: Uint8Array): boolean {
  return createHash("sha256").update(bytes).digest("hex") === BUNDLED_FILES[name];
}

/** Puts a file in place in one step: a reader sees all of it or none. */
function writeWhole(path: string, bytes: Uint8Array | undefined): void {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (!bytes || !isGenuine(name, bytes)) throw new TypeError(`Cannot unpack ${PACKAGE}: "${name}" is not as expected`);
  const draft = `${path}.${crypto.randomUUID()}`;
  Deno.writeFileSync(draft, bytes);
  Deno.renameSync(draft, path);
}

/** Lets Deno's own package client fetch the archive: it honours the registry settings and checks the download. */
async function fetchArchive(): Promise<Uint8Array> {
  const command = new Deno.Command(Deno.build.standalone ? "deno" : Deno.execPath(), {
    args: ["info", "--json", "--no-lock", "--node-modules-dir=none", `npm:${PACKAGE}`],
    env: { DENO_NO_PACKAGE_JSON: "1", NO_COLOR: "1" },
  });
  const { success, stdout, stderr } = await command.output();
  const report = success ? JSON.parse(new TextDecoder().decode(stdout)) : {};
  const folder = report.npmPackages?.[PACKAGE]?.localPath;
  if (typeof folder === "string") return Deno.readFileSync(`${folder}/${ARCHIVE}`);
  throw new Error(report.modules?.[0]?.error ?? new TextDecoder().decode(stderr).trim());
}

/** Reads a tar archive: headers of 512 bytes, each followed by its file, padded to whole blocks of 512. */
function unpack(archive: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const textAt = (start: number, length: number) =>
    new TextDecoder().decode(archive.subarray(start, start + length)).split("\0")[0].trim();
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0;) {
    const size = parseInt(textAt(at + 124, 12), 8);
    files.set(textAt(at, 100).replace(/^\.\//, ""), archive.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}
