/** @file The template stage: template files to config text in which every piece knows where it came from. */
export { TemplateFault, templateDiagnostics } from "./diagnostics.ts";
export {
  type EnvironmentConfig,
  type EnvironmentOptions,
  type RenderResult,
  TemplateEnvironment,
  templateBlocks,
} from "./environment.ts";
export type { RunOptions, TemplateEdge } from "./evaluate/run.ts";
export {
  type Assignment,
  type Binding,
  type BlockUse,
  type Evaluation,
  type Given,
  Omissions,
  type Printed,
  RenderTrace,
} from "./evaluate/trace.ts";
export {
  directorySource,
  memorySource,
  type TemplateFile,
  type TemplateSource,
  TreeCache,
  templateFile,
  type UsedTemplate,
} from "./loader.ts";
export type { Piece } from "./output.ts";
export { firstInvalidByte } from "./scan/utf8.ts";
export type { Block, Body, Expression, Statement, TemplateTree } from "./syntax/ast.ts";
export {
  createGlobals,
  dictOf,
  type ErrorKind,
  hostFromEnvironment,
  PyDict,
  PyList,
  PyNamedTuple,
  PyTuple,
  parseTime,
  repr,
  str,
  systemHost,
  type TemplateHost,
  type Value,
  withFixedTime,
} from "./values/index.ts";
