/** @file Numbers as the page shows them. */

const count = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export const formatCount = (value: number): string => count.format(value);

export function formatLoss(value: number | undefined): string {
  if (value === undefined) return "–";
  return Number.isFinite(value) ? value.toFixed(value < 10 ? 4 : 2) : String(value);
}

export function formatNorm(value: number | undefined): string {
  if (value === undefined) return "–";
  return Number.isFinite(value) ? value.toPrecision(3) : String(value);
}

/** `1.5e-3` */
export function formatRate(value: number | undefined): string {
  if (value === undefined) return "–";
  return value === 0 ? "0" : value.toExponential(2).replace(/\.?0+e/, "e");
}

/** `1 h 5 min`, `12 min`, `40 s` */
export function formatSeconds(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "–";
  const seconds = Math.round(value);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** `4.4 million` */
export function formatMany(value: number): string {
  if (value < 1e4) return formatCount(value);
  if (value < 1e6) return `${(value / 1e3).toFixed(1)} thousand`;
  return value < 1e9 ? `${(value / 1e6).toFixed(1)} million` : `${(value / 1e9).toFixed(2)} billion`;
}
