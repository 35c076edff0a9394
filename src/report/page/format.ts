/**
 * Numbers and names as people read them.
 *
 * @module
 */

/** What stands for a number that is not known. */
export const NONE = "–";

/** Writes a number with some digits, or a dash for none. */
export function formatNumber(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  return value.toFixed(digits).replace("-", "−");
}

/** Writes a number with three digits that count, whatever its size. */
export function formatShort(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e-4 && size < 1e6 ? String(Number(value.toPrecision(3))) : value.toExponential(1);
  return text.replace("e+", "e").replaceAll("-", "−");
}

/** Writes a count with separators between thousands. */
export function formatCount(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : value.toLocaleString("en-US");
}

/** Writes a share as a percentage. */
export function formatShare(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return NONE;
  const percent = 100 * share;
  return `${percent >= 10 ? percent.toFixed(1) : percent.toFixed(2)}\u00a0%`;
}

/** Writes a share on an axis. */
export function formatShareTick(share: number): string {
  return `${Number((100 * share).toPrecision(3))}\u00a0%`;
}

/** Writes bytes with a decimal unit. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const unit = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${Number((bytes / 1000 ** unit).toPrecision(3))} ${units[unit]}`;
}

/** Writes seconds as seconds, minutes or hours. */
export function formatSeconds(seconds: number): string {
  if (seconds < 120) return `${Number(seconds.toPrecision(3))} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Number((seconds / 3600).toPrecision(3))} h`;
}

/** Cuts a name that is too long for its place. */
export function shorten(name: string, most = 18): string {
  const characters = [...name];
  return characters.length > most ? `${characters.slice(0, most - 1).join("")}…` : name;
}
