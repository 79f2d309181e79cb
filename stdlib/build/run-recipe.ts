/**
 * @file Run the recipe of a build rule: the entry point of the child process that the compiler starts while building.
 *
 *     node recipe.mjs TARGET REPORT [--facts-only]
 *
 * The result goes to TARGET, a fresh place; the compiler moves it to where it belongs when all went well. REPORT gets, as JSON, the files that
 * the result depends on and the facts that the compiler asked for, or what went wrong.
 */
import { writeFileSync } from "node:fs";
import { recordedInputs } from "./record-input.ts";

export interface Recipe {
  /** Makes the result: writes it to `target` itself, or gives something that can `save` itself there. */
  build(target: string): unknown;
  /** Reads it back, as emitted programs will. */
  load(target: string): unknown;
  /** What the compiler wants to know about the loaded result (`len`, `pad_token_id`), by the name that it will ask with. */
  facts: Readonly<Record<string, (asset: never) => unknown>>;
}

/** What a recipe leaves for the compiler. */
export interface RecipeReport {
  readonly inputs: readonly string[];
  readonly facts: Readonly<Record<string, unknown>>;
  readonly error?: {
    readonly message: string;
    readonly code?: string;
    readonly hint?: string;
    readonly stack?: string;
  };
}

/** Runs a build rule in a process of its own and tells the build which files it read. */
export async function runRecipe(recipe: Recipe): Promise<void> {
  const [target, reportPath, mode] = process.argv.slice(2);
  if (target === undefined || reportPath === undefined)
    throw new TypeError("usage: recipe.mjs TARGET REPORT [--facts-only]");
  const report = await makeReport(recipe, target, mode === "--facts-only");
  writeFileSync(reportPath, JSON.stringify(report));
  if (report.error !== undefined) process.exitCode = 1;
}

async function makeReport(recipe: Recipe, target: string, factsOnly: boolean): Promise<RecipeReport> {
  try {
    if (!factsOnly) {
      const result = await recipe.build(target);
      if (canSave(result)) await result.save(target);
    }
    const facts: Record<string, unknown> = {};
    const questions = Object.entries(recipe.facts);
    const asset = questions.length === 0 ? undefined : await recipe.load(target);
    for (const [name, question] of questions) facts[name] = question(asset as never) ?? null;
    return { inputs: recordedInputs(), facts };
  } catch (error) {
    return { inputs: recordedInputs(), facts: {}, error: describeError(error) };
  }
}

function canSave(value: unknown): value is { save(path: string): unknown } {
  return typeof value === "object" && value !== null && typeof (value as { save?: unknown }).save === "function";
}

/** Faults of the user's carry a code and a hint; of anything else the stack is wanted too. */
function describeError(error: unknown): NonNullable<RecipeReport["error"]> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, stack } = error;
  const { code, hint } = error as { code?: unknown; hint?: unknown };
  return {
    message,
    ...(typeof code === "string" ? { code } : stack === undefined ? {} : { stack }),
    ...(typeof hint === "string" ? { hint } : {}),
  };
}
