/**
 * @file The config tree: one YAML document as plain data, with the place of every part in the text.
 *
 * It is what YAML calls the representation graph: tags are resolved to full names, nothing is constructed yet, and an alias
 * is the very node of its anchor. Merge keys and repeated keys are still there: they are the graph builder's to read.
 */

/** A tag as written, with its resolved name: `!call:f` or `tag:yaml.org,2002:int`. */
export interface ConfigTag {
  readonly name: string;
  /** Offset of the `!` in the text. */
  readonly start: number;
  readonly end: number;
}

interface ConfigNodeBase {
  /** Offsets into the text, the tag included. */
  readonly start: number;
  readonly end: number;
  readonly tag: ConfigTag | undefined;
  /** Something is wrong with it that has been reported: what follows from it is not reported again. */
  readonly faulty?: true;
}

export interface ConfigScalar extends ConfigNodeBase {
  readonly kind: "scalar";
  readonly text: string;
  /** Only plain scalars are read as numbers, booleans, null. */
  readonly plain: boolean;
}

export interface ConfigSequence extends ConfigNodeBase {
  readonly kind: "sequence";
  readonly items: readonly ConfigNode[];
}

export interface ConfigMapping extends ConfigNodeBase {
  readonly kind: "mapping";
  readonly pairs: readonly ConfigPair[];
}

export interface ConfigPair {
  readonly key: ConfigNode;
  readonly value: ConfigNode;
}

export type ConfigNode = ConfigScalar | ConfigSequence | ConfigMapping;
