/** @file Arguments for one side of a comparison: `max_steps=10` binds a variable, `optimizer.lr=1e-3` overrides a value of the graph. */
import type { PlainData } from "../config/project.ts";
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import { buildGraph, type ConfigRequest } from "../driver/compile.ts";
import { FlagError, readDynamicFlags, readFlagValue } from "../driver/dynamic-args.ts";
import type { Host } from "../driver/host.ts";
import { namedNode, readValue } from "../driver/overrides.ts";
import { plainData } from "../driver/plain-data.ts";
import { entryOf } from "../graph/node.ts";
import { cliDiagnostics as faults } from "./diagnostics.ts";

export interface SideArguments {
  readonly variables: Readonly<Record<string, PlainData>>;
  readonly overrides: readonly string[];
}

/** A bare name is a flag of the config if it declares one, else a target if it has one, else a variable of its templates. */
export function readArguments(host: Host, request: ConfigRequest, words: readonly string[]): SideArguments {
  const variables: Record<string, PlainData> = {};
  const overrides: string[] = [];
  if (words.length === 0) return { variables, overrides };
  const { graph } = buildGraph(host, { ...request, overrides: [] });
  const { flags } = readDynamicFlags(graph);
  for (const word of words) {
    const [, name, text] = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(word) ?? [];
    const flag = flags.find(({ variable }) => variable === name);
    if (name === undefined || text === undefined) overrides.push(word);
    else if (flag !== undefined) variables[name] = flagValue(() => readFlagValue(host, flag, text), word, text);
    else if (entryOf(graph, name) !== undefined || namedNode(graph, name) !== undefined) overrides.push(word);
    else variables[name] = plainData(readValue(text, `--with ${name}`, request.project.yamlFloats));
  }
  return { variables, overrides };
}

function flagValue(read: () => PlainData, word: string, value: string): PlainData {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    throw new DiagnosticError(faults.badFlag({}, { flag: `--with ${word}`, value, problem: error.message }));
  }
}
