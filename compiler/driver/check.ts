/**
 * @file One config through every stage up to and including types; nothing is written to the project. What `fgc check`, editors and the samples
 * of `tests/diagnostics` call.
 *
 * All faults come back as data, whatever stage found them: a checked config never throws for a mistake of the user's. Types are checked twice:
 * arguments against signatures while the graph is made, and then the emitted modules by TypeScript, which sees generics, the project's own
 * modules and packages. About a config that is faulty by itself TypeScript is not asked: it would say the same again, and what follows from it.
 * The modules that such a config uses are checked all the same, for their faults are their own.
 *
 * A variable that nothing binds is a fault in a training script; any other config is a part, whose user binds it, and there it may be anything.
 */
import { describeFaults } from "../codegen/check/type-faults.ts";
import type { MarkedModule } from "../codegen/plan.ts";
import { type Diagnostic, DiagnosticError } from "../diagnostics/diagnostic.ts";
import type { SymbolTable } from "../graph/symbols.ts";
import { modulesToCheck } from "./check-modules.ts";
import { type ConfigRequest, configName } from "./compile.ts";
import { hashOf } from "./file-hashes.ts";
import type { Host } from "./host.ts";
import { compileProgram, type ProgramGraph } from "./program-graph.ts";
import { TypeCheck } from "./type-check.ts";

export interface CheckOptions {
  /** `signatures`: TypeScript is left out, for an editor that checks at every keystroke. */
  readonly types?: "signatures" | "full";
  /** A checker to use, the caller's to close; absent: one of its own. */
  readonly checker?: TypeCheck;
}

export interface CheckedConfig {
  /** The config's name, the default one filled in. */
  readonly config: string;
  /** Every fault and remark, in the order of the stages. */
  readonly diagnostics: readonly Diagnostic[];
  /** Files whose change can change the outcome; known as far as the stages came. */
  readonly inputs: readonly string[];
}

export async function checkConfig(
  host: Host,
  request: ConfigRequest,
  options: CheckOptions = {},
): Promise<CheckedConfig> {
  const [checked] = await checkConfigs(host, [request], options);
  return checked as CheckedConfig;
}

/** Several configs, with one run of TypeScript for all of them. The results are in the order of the requests. */
export async function checkConfigs(
  host: Host,
  requests: readonly ConfigRequest[],
  { types = "full", checker }: CheckOptions = {},
): Promise<readonly CheckedConfig[]> {
  const compiled = requests.map((request) => compileForCheck(host, request));
  if (types === "signatures") return compiled.map(({ checked }) => checked);
  const typed = await checkTypes(host, compiled, checker);
  return compiled.map(({ checked }, index) => ({
    ...checked,
    diagnostics: [...checked.diagnostics, ...(typed[index] ?? [])],
  }));
}

export function isClean({ diagnostics }: CheckedConfig): boolean {
  return diagnostics.every(({ severity }) => severity !== "error");
}

interface Compiled {
  readonly request: ConfigRequest;
  readonly checked: CheckedConfig;
  /** Absent where there is no whole graph. */
  readonly program: ProgramGraph | undefined;
  /** As far as the stages came. */
  readonly symbols: SymbolTable | undefined;
}

function compileForCheck(host: Host, request: ConfigRequest): Compiled {
  let config = request.config ?? "";
  let symbols: SymbolTable | undefined;
  try {
    config = configName(host, request.project, request.config);
    const noteSymbols = (table: SymbolTable) => {
      symbols = table;
    };
    const program = compileProgram(host, { ...request, allowFreeVariables: "library", noteSymbols });
    const inputs = [...program.templates.map(({ path }) => path), ...program.symbols.sources];
    return { request, checked: { config, diagnostics: program.diagnostics, inputs }, program, symbols };
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    const checked = { config, diagnostics: error.diagnostics, inputs: symbols?.sources ?? [] };
    return { request, checked, program: undefined, symbols };
  }
}

async function checkTypes(
  host: Host,
  compiled: readonly Compiled[],
  given: TypeCheck | undefined,
): Promise<readonly (readonly Diagnostic[])[]> {
  const units = compiled.flatMap(({ request: { project }, program, symbols }, index) => {
    if (symbols === undefined) return [];
    const modules = program === undefined ? sourcesAlone(symbols) : modulesToCheck(host, project, program);
    const sources = symbols.sources.map((path) => ({ path, hash: hashOf(path) }));
    return modules.length === 0 ? [] : [{ index, symbols, modules, sources, projectDir: project.dir }];
  });
  const diagnostics: (readonly Diagnostic[])[] = compiled.map(() => []);
  if (units.length === 0) return diagnostics;
  const checker = given ?? new TypeCheck(host);
  try {
    const faults = await checker.check(units);
    for (const [at, { index, symbols, modules, projectDir }] of units.entries())
      diagnostics[index] = describeFaults(faults[at] ?? [], {
        modules,
        symbols,
        projectDir,
        readSource: (path) => host.files.readText(path),
      });
    return diagnostics;
  } finally {
    if (given === undefined) checker.close();
  }
}

/** Of a config that is faulty by itself only the modules that it uses can be judged. */
function sourcesAlone({ sources }: SymbolTable): readonly MarkedModule[] {
  const text = sources.map((path) => `import ${JSON.stringify(path)};\n`).join("");
  return text === "" ? [] : [{ name: "sources.ts", text, marks: [] }];
}
