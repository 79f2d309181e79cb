/** @file Reads the language vectors, which lie beside the repository; says so loudly where they are absent. */
import { existsSync, readdirSync, readFileSync } from "node:fs";

const folder = new URL("../../../shared/vectors/language/", import.meta.url);

interface Suite<Case> {
  readonly name: string;
  readonly absent: boolean;
  readonly cases: readonly Case[];
}

export function loadSuites<Case>(kind: string): readonly Suite<Case>[] {
  if (!existsSync(folder)) {
    console.warn(`no vectors at ${folder.pathname}: the ${kind} suites are skipped`);
    return [{ name: `${kind} vectors (absent)`, absent: true, cases: [] }];
  }
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map(
      (file) =>
        JSON.parse(readFileSync(new URL(file, folder), "utf8")) as { kind: string; suite: string; cases: Case[] },
    )
    .filter((suite) => suite.kind === kind)
    .map((suite) => ({ name: suite.suite, absent: false, cases: suite.cases }));
}
