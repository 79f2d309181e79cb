import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const root = import.meta.dirname;

export default defineConfig({
  resolve: {
    // Tests exercise the sources; the end-to-end suites run the built package instead.
    alias: [
      { find: /^fgc\/runtime$/, replacement: `${root}/runtime/index.ts` },
      { find: /^fgc\/(\w+)$/, replacement: `${root}/stdlib/$1/index.ts` },
    ],
  },
  test: {
    include: ["compiler/**/*.test.ts", "runtime/**/*.test.ts", "stdlib/**/*.test.ts", "tests/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", "**/output_models/**"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: "forks",
    // On two cores one worker would leave the other core idle whenever a test waits for a child or a browser.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
