import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    // Tests exercise the sources; the end-to-end suites build and run the real package instead.
    alias: [
      { find: /^fgc\/runtime$/, replacement: new URL("./runtime/index.ts", import.meta.url).pathname },
      { find: /^fgc\/(\w+)$/, replacement: new URL("./stdlib/$1/index.ts", import.meta.url).pathname.replace("%241", "$1") },
    ],
  },
  test: {
    include: ["compiler/**/*.test.ts", "runtime/**/*.test.ts", "stdlib/**/*.test.ts", "tests/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", "**/output_models/**"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: "forks",
  },
});
