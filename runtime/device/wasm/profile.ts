/** @file Where the time goes: with FGC_PROFILE=1, a table of this thread's time per kernel when the device closes. */

export class Profile {
  private readonly entries = new Map<string, { kind: string; ms: number; calls: number }>();

  time<T>(label: string, kind: string, run: () => T): T {
    const start = performance.now();
    const result = run();
    const ms = performance.now() - start;
    // Kernels of equal layers differ in numbers only.
    const key = `${kind} ${label.replace(/\d+/g, "N")}`;
    const entry = this.entries.get(key);
    if (entry === undefined) this.entries.set(key, { kind, ms, calls: 1 });
    else {
      entry.ms += ms;
      entry.calls++;
    }
    return result;
  }

  /** The slowest first. */
  table(): string {
    const rows = [...this.entries].sort(([, a], [, b]) => b.ms - a.ms);
    const total = rows.reduce((sum, [, { ms }]) => sum + ms, 0);
    const lines = rows.map(
      ([key, { ms, calls }]) =>
        `${ms.toFixed(1).padStart(10)} ms ${((100 * ms) / total).toFixed(1).padStart(5)} % ${String(calls).padStart(7)} × ${((1000 * ms) / calls).toFixed(1).padStart(8)} µs  ${key}`,
    );
    return [`${total.toFixed(1)} ms in kernels and barriers`, ...lines].join("\n");
  }
}
