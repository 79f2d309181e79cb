/** @file What a config says of itself: the target `meta`. Nothing else of the config is made. */
import { buildGraph, type ConfigRequest } from "./compile.ts";
import type { Host } from "./host.ts";
import { plainData } from "./plain-data.ts";

export interface ConfigDescription {
  readonly name: string;
  readonly description: string;
  /** `type.training_script.causal_lm` and so on. */
  readonly configClass: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export function describeConfig(host: Host, request: ConfigRequest): ConfigDescription {
  const { graph } = buildGraph(host, request);
  const meta = plainData(graph, "meta");
  const values: Readonly<Record<string, unknown>> =
    typeof meta === "object" && meta !== null && !Array.isArray(meta) ? { ...meta } : {};
  const text = (key: string) => (values[key] === undefined || values[key] === null ? "" : String(values[key]));
  return {
    name: text("config_name"),
    description: text("config_description"),
    configClass: text("config_class"),
    values,
  };
}
