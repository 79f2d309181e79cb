/**
 * @file What can be constructed and with what: the signatures that constructor specs are checked against and laid out by.
 *
 * Plain data. The standard library's lie in `dist/signatures.json`, made when the package is built; those of a user's module are read from
 * its source when a config names it. Both come from `extract.ts`.
 */

/** As much of a TypeScript type as decides whether an argument fits. Everything else is `unknown`, which admits all. */
export type TypeShape =
  | { readonly kind: "number" | "string" | "boolean" | "null" | "undefined" | "function" | "unknown" }
  | { readonly kind: "literal"; readonly value: string | number | boolean }
  | { readonly kind: "array"; readonly element: TypeShape }
  | { readonly kind: "object"; readonly name?: string; readonly properties?: Readonly<Record<string, TypeShape>> }
  | { readonly kind: "instance"; readonly name: string }
  | { readonly kind: "union"; readonly of: readonly TypeShape[] };

export interface OptionSignature {
  readonly name: string;
  readonly required: boolean;
  /** As written in the source, on one line. */
  readonly type: string;
  readonly shape: TypeShape;
  /** Source text of the default. */
  readonly default?: string;
  readonly doc: string;
}

export interface ParameterSignature extends OptionSignature {
  /** `...rest`: takes all positional arguments from here on. */
  readonly rest: boolean;
  /** The properties of an options object. Absent for any other parameter. */
  readonly options?: readonly OptionSignature[];
  /** The options object takes names beyond the listed ones. */
  readonly open?: boolean;
}

export interface CallableSignature {
  readonly kind: "class" | "function";
  readonly parameters: readonly ParameterSignature[];
  readonly returns: string;
  readonly async: boolean;
  readonly doc: string;
  /** Static methods, by name (`Tokenizer.fromFile`). */
  readonly statics?: Readonly<Record<string, CallableSignature>>;
}

/** An export that is a value, or only a type: it can be named, and not constructed. */
export interface PlainExport {
  readonly kind: "const" | "type";
  readonly type: string;
  readonly doc: string;
}

export type ExportSignature = CallableSignature | PlainExport;

export interface ModuleSignature {
  readonly exports: Readonly<Record<string, ExportSignature>>;
}

/** `dist/signatures.json`. */
export interface SignatureFile {
  readonly format: "fgc-signatures/1";
  /** By import specifier: `fgc/nn`. */
  readonly modules: Readonly<Record<string, ModuleSignature>>;
}

export const unknownShape: TypeShape = { kind: "unknown" };

/** The alternatives of a shape; one for anything that is not a union. */
export function alternatives(shape: TypeShape): readonly TypeShape[] {
  return shape.kind === "union" ? shape.of.flatMap(alternatives) : [shape];
}

export function unionOf(shapes: readonly TypeShape[]): TypeShape {
  const flat = shapes.flatMap(alternatives);
  const distinct = [...new Map(flat.map((shape) => [JSON.stringify(shape), shape])).values()];
  if (distinct.some((shape) => shape.kind === "unknown")) return unknownShape;
  return distinct.length === 1 ? (distinct[0] as TypeShape) : { kind: "union", of: distinct };
}
