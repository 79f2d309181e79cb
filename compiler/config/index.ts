/** @file The config stage for callers from outside: the text that a template printed → a config tree with places. */
export { type ComposeResult, composeConfig } from "./compose.ts";
export { literalText, originOfRange, type RenderedText } from "./rendered.ts";
export type { YamlFloats } from "./scalars.ts";
export type { ConfigMapping, ConfigNode, ConfigPair, ConfigScalar, ConfigSequence, ConfigTag } from "./tree.ts";
