/** @file Every diagnostic of the pipeline, stage by stage: what documentation is made from. The command line adds its own. */
import { checkDiagnostics } from "../codegen/check/diagnostics.ts";
import { configDiagnostics } from "../config/diagnostics.ts";
import { projectDiagnostics } from "../config/project-diagnostics.ts";
import { type CatalogueEntry, catalogueEntries } from "../diagnostics/diagnostic.ts";
import { graphDiagnostics } from "../graph/diagnostics.ts";
import {
  boundaryDiagnostics,
  linkDiagnostics,
  resolveDiagnostics,
  typeDiagnostics,
} from "../graph/passes/diagnostics.ts";
import { templateDiagnostics } from "../template/diagnostics.ts";
import { assetDiagnostics, buildDiagnostics, emitDiagnostics } from "./build-diagnostics.ts";
import { driverDiagnostics } from "./diagnostics.ts";

export interface Stage {
  /** The first part of its codes. */
  readonly name: string;
  /** What it does, for headings. */
  readonly summary: string;
  readonly entries: readonly CatalogueEntry[];
}

/** In the order in which a config meets them. */
export const stages: readonly Stage[] = [
  stage("project", "finding the project and reading its meta file", projectDiagnostics),
  stage("template", "templates to text", templateDiagnostics),
  stage("config", "text to YAML", configDiagnostics),
  stage("graph", "YAML to the node graph", graphDiagnostics, boundaryDiagnostics),
  stage("link", "other projects and variables", linkDiagnostics),
  stage("resolve", "constructors to what is imported", resolveDiagnostics),
  stage("types", "arguments against signatures, and emitted code by TypeScript", typeDiagnostics, checkDiagnostics),
  stage("driver", "settings and overrides", driverDiagnostics),
  stage("asset", "what is made once, while building", assetDiagnostics),
  stage("emit", "TypeScript modules and what is written beside them", emitDiagnostics),
  stage("build", "bundles", buildDiagnostics),
];

export function stage(name: string, summary: string, ...catalogues: readonly object[]): Stage {
  return { name, summary, entries: catalogues.flatMap(catalogueEntries) };
}
