/**
 * @file The syntax tree of a template. Nodes are frozen plain data, told apart by `kind`; every node has its place in the user's file.
 */
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import type { SourceFile, Span } from "../../source/span.ts";
import type { Run, Section } from "../scan/mapped-text.ts";

interface NodeBase {
  readonly span: Span;
}

// Expressions ---------------------------------------------------------------------------------------------------------

export type Expression =
  | Literal
  | Name
  | Sequence
  | Mapping
  | Attribute
  | Item
  | Slice
  | Call
  | Filter
  | Test
  | Unary
  | Not
  | Binary
  | Logic
  | Compare
  | Concat
  | Conditional;

/** A constant: bigint is int, number is float. */
export interface Literal extends NodeBase {
  readonly kind: "literal";
  readonly value: string | bigint | number | boolean | null;
}
export interface Name extends NodeBase {
  readonly kind: "name";
  readonly name: string;
}
export interface Sequence extends NodeBase {
  readonly kind: "list" | "tuple";
  readonly items: readonly Expression[];
}
export interface Mapping extends NodeBase {
  readonly kind: "dict";
  readonly entries: readonly (readonly [key: Expression, value: Expression])[];
}
export interface Attribute extends NodeBase {
  readonly kind: "attribute";
  readonly target: Expression;
  readonly name: string;
  readonly nameSpan: Span;
}
export interface Item extends NodeBase {
  readonly kind: "item";
  readonly target: Expression;
  readonly index: Expression;
}
/** Stands only as the index of an `Item`. */
export interface Slice extends NodeBase {
  readonly kind: "slice";
  readonly start: Expression | undefined;
  readonly stop: Expression | undefined;
  readonly step: Expression | undefined;
}
export interface Arguments {
  readonly positional: readonly Expression[];
  readonly keywords: readonly { readonly name: string; readonly value: Expression; readonly span: Span }[];
  /** `*list` and `**mapping`. */
  readonly list: Expression | undefined;
  readonly mapping: Expression | undefined;
}
export interface Call extends NodeBase {
  readonly kind: "call";
  readonly callee: Expression;
  readonly args: Arguments;
}
export interface Filter extends NodeBase {
  readonly kind: "filter";
  /** Absent in a chain that is applied to a body (`filter`, `set … | f`). */
  readonly target: Expression | undefined;
  readonly name: string;
  readonly nameSpan: Span;
  readonly args: Arguments;
}
export interface Test extends NodeBase {
  readonly kind: "test";
  readonly target: Expression;
  readonly name: string;
  readonly nameSpan: Span;
  readonly negated: boolean;
  readonly args: Arguments;
}
export interface Unary extends NodeBase {
  readonly kind: "unary";
  readonly operator: "+" | "-";
  readonly operand: Expression;
}
export interface Not extends NodeBase {
  readonly kind: "not";
  readonly operand: Expression;
}
export interface Binary extends NodeBase {
  readonly kind: "binary";
  readonly operator: "+" | "-" | "*" | "/" | "//" | "%" | "**";
  readonly left: Expression;
  readonly right: Expression;
}
export interface Logic extends NodeBase {
  readonly kind: "logic";
  readonly operator: "and" | "or";
  readonly left: Expression;
  readonly right: Expression;
}
export type Comparison = "==" | "!=" | "<" | ">" | "<=" | ">=" | "in" | "not in";
/** A chain, as in `1 < x < 5`: each operand is evaluated once. */
export interface Compare extends NodeBase {
  readonly kind: "compare";
  readonly first: Expression;
  readonly rest: readonly { readonly operator: Comparison; readonly operand: Expression }[];
}
export interface Concat extends NodeBase {
  readonly kind: "concat";
  readonly parts: readonly Expression[];
}
export interface Conditional extends NodeBase {
  readonly kind: "conditional";
  readonly test: Expression;
  readonly value: Expression;
  readonly otherwise: Expression | undefined;
}

// What can be assigned ------------------------------------------------------------------------------------------------

export type Target = NameTarget | TupleTarget;
export interface NameTarget extends NodeBase {
  readonly kind: "name";
  readonly name: string;
}
export interface TupleTarget extends NodeBase {
  readonly kind: "tuple";
  readonly items: readonly Target[];
}
/** `set ns.name = …` */
export interface AttributeTarget extends NodeBase {
  readonly kind: "attribute";
  readonly object: NameTarget;
  readonly name: string;
}

// Statements ----------------------------------------------------------------------------------------------------------

export type Statement =
  | Text
  | Print
  | If
  | For
  | Block
  | Extends
  | Include
  | Import
  | FromImport
  | Macro
  | CallBlock
  | Assign
  | AssignBlock
  | With
  | FilterBlock
  | Autoescape;

export type Body = readonly Statement[];

/** Literal text, cut where its place in the file jumps. */
export interface Text extends NodeBase {
  readonly kind: "text";
  readonly runs: readonly Run[];
}
/** `{{ x }}`, or `{% print x, y %}`. */
export interface Print extends NodeBase {
  readonly kind: "print";
  readonly expressions: readonly Expression[];
}
export interface If extends NodeBase {
  readonly kind: "if";
  readonly branches: readonly { readonly test: Expression; readonly body: Body }[];
  readonly otherwise: Body | undefined;
}
export interface For extends NodeBase {
  readonly kind: "for";
  readonly target: Target;
  readonly items: Expression;
  readonly condition: Expression | undefined;
  readonly recursive: boolean;
  readonly body: Body;
  readonly otherwise: Body | undefined;
}
export interface Block extends NodeBase {
  readonly kind: "block";
  readonly name: string;
  readonly nameSpan: Span;
  /** The opening tag, or the section's header. */
  readonly opening: Span;
  readonly scoped: boolean;
  readonly required: boolean;
  /** The header, where the block was written as a section. */
  readonly section: Section | undefined;
  readonly body: Body;
}
export interface Extends extends NodeBase {
  readonly kind: "extends";
  readonly template: Expression;
}
export interface Include extends NodeBase {
  readonly kind: "include";
  readonly template: Expression;
  readonly ignoreMissing: boolean;
  readonly withContext: boolean;
}
export interface Import extends NodeBase {
  readonly kind: "import";
  readonly template: Expression;
  readonly target: NameTarget;
  readonly withContext: boolean;
}
export interface FromImport extends NodeBase {
  readonly kind: "from-import";
  readonly template: Expression;
  readonly names: readonly { readonly name: string; readonly alias: string; readonly span: Span }[];
  readonly withContext: boolean;
}
export interface Parameter {
  readonly name: string;
  readonly span: Span;
  readonly fallback: Expression | undefined;
}
export interface Macro extends NodeBase {
  readonly kind: "macro";
  readonly name: string;
  readonly nameSpan: Span;
  readonly parameters: readonly Parameter[];
  readonly body: Body;
}
export interface CallBlock extends NodeBase {
  readonly kind: "call-block";
  readonly parameters: readonly Parameter[];
  readonly call: Call;
  readonly body: Body;
}
export interface Assign extends NodeBase {
  readonly kind: "assign";
  readonly target: Target | AttributeTarget;
  readonly value: Expression;
}
export interface AssignBlock extends NodeBase {
  readonly kind: "assign-block";
  readonly target: Target | AttributeTarget;
  /** Innermost first, each with the one before as its target. */
  readonly filter: Filter | undefined;
  readonly body: Body;
}
export interface With extends NodeBase {
  readonly kind: "with";
  readonly bindings: readonly { readonly target: Target; readonly value: Expression }[];
  readonly body: Body;
}
export interface FilterBlock extends NodeBase {
  readonly kind: "filter-block";
  readonly filter: Filter;
  readonly body: Body;
}
export interface Autoescape extends NodeBase {
  readonly kind: "autoescape";
  readonly value: Expression;
  readonly body: Body;
}

/** One template: a file's main part or one of its sub-templates. */
export interface TemplateTree {
  readonly name: string;
  readonly file: SourceFile;
  /** Its stretch of the file. */
  readonly start: number;
  readonly end: number;
  readonly body: Body;
  /** Every block, nested ones too, in the order in which they are written. */
  readonly blocks: ReadonlyMap<string, Block>;
  /** What is wrong with it; then the tree is what could be made of the rest. */
  readonly damage: Damage | undefined;
}

/** A template with syntax faults. */
export interface Damage {
  readonly diagnostics: readonly Diagnostic[];
  /** The nesting of tags had to be guessed: what the template computes means nothing. */
  readonly nesting: boolean;
  /** Names that stand in what could not be read: they may have been given a value there. */
  readonly names: ReadonlySet<string>;
}

/** The name that stands for what could not be read. No template can spell it. */
export const unreadable = "\0";
