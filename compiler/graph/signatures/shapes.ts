/** @file Type syntax → `TypeShape`, and the properties of an options type: as far as names can be followed without a type checker. */
import type ts from "typescript";
import type { FileScope, ScopeTable } from "./scope.ts";
import { type TypeShape, unionOf, unknownShape } from "./signature.ts";

/** A property of an object type, with the file that its type speaks in. */
export interface Property {
  readonly name: string;
  readonly optional: boolean;
  readonly type: ts.TypeNode | undefined;
  readonly node: ts.Node;
  readonly file: FileScope;
  /** Made a function by method syntax. */
  readonly isMethod: boolean;
}

export interface ObjectShape {
  readonly properties: readonly Property[];
  /** Has an index signature, or a part that could not be followed: other names may be valid too. */
  readonly open: boolean;
}

const maximalDepth = 12;
/** Mappings inside of mappings inside of an argument are checked so far down. */
const propertyDepth = 4;

export class ShapeReader {
  readonly #scopes: ScopeTable;
  readonly #ts: typeof ts;

  constructor(scopes: ScopeTable) {
    this.#scopes = scopes;
    this.#ts = scopes.host.ts;
  }

  /** @param depth guards against types that refer to themselves */
  shape(node: ts.TypeNode | undefined, file: FileScope, depth = 0): TypeShape {
    const api = this.#ts;
    const { SyntaxKind } = api;
    if (node === undefined || depth > maximalDepth) return unknownShape;
    if (api.isParenthesizedTypeNode(node)) return this.shape(node.type, file, depth);
    if (api.isUnionTypeNode(node)) return unionOf(node.types.map((type) => this.shape(type, file, depth + 1)));
    if (api.isArrayTypeNode(node)) return { kind: "array", element: this.shape(node.elementType, file, depth + 1) };
    if (api.isTupleTypeNode(node)) return { kind: "array", element: this.#tupleElement(node, file, depth) };
    if (api.isFunctionTypeNode(node) || api.isConstructorTypeNode(node)) return { kind: "function" };
    if (api.isTypeLiteralNode(node))
      return node.members.some(api.isCallSignatureDeclaration) ? { kind: "function" } : this.#object(node, file, depth);
    if (api.isLiteralTypeNode(node)) return this.#literal(node.literal);
    if (api.isTypeReferenceNode(node)) return this.#reference(node, file, depth);
    if (api.isIndexedAccessTypeNode(node)) return this.#indexed(node, file, depth);
    if (api.isTypeOperatorNode(node)) {
      if (node.operator === SyntaxKind.ReadonlyKeyword) return this.shape(node.type, file, depth + 1);
      if (node.operator === SyntaxKind.KeyOfKeyword) return this.#keys(node.type, file);
      return unknownShape;
    }
    if (api.isIntersectionTypeNode(node) || api.isMappedTypeNode(node)) return this.#object(node, file, depth);
    switch (node.kind) {
      case SyntaxKind.NumberKeyword:
        return { kind: "number" };
      case SyntaxKind.StringKeyword:
        return { kind: "string" };
      case SyntaxKind.BooleanKeyword:
        return { kind: "boolean" };
      case SyntaxKind.UndefinedKeyword:
      case SyntaxKind.VoidKeyword:
        return { kind: "undefined" };
      default:
        return unknownShape;
    }
  }

  /** The properties of an options type; absent where the type is no plain object type. */
  properties(node: ts.TypeNode | undefined, file: FileScope, depth = 0): ObjectShape | undefined {
    const api = this.#ts;
    if (node === undefined || depth > maximalDepth) return undefined;
    if (api.isParenthesizedTypeNode(node)) return this.properties(node.type, file, depth);
    if (api.isTypeLiteralNode(node)) return this.#members(node.members, file);
    if (api.isIntersectionTypeNode(node))
      return merge(node.types.map((type) => this.properties(type, file, depth + 1)));
    if (api.isMappedTypeNode(node)) return this.#mapped(node, file, depth);
    if (!api.isTypeReferenceNode(node) || !api.isIdentifier(node.typeName)) return undefined;
    const name = node.typeName.text;
    const found = this.#scopes.lookup(file, name);
    if (found === undefined) return this.#utility(name, node.typeArguments ?? [], file, depth);
    const { declaration } = found;
    if (api.isTypeAliasDeclaration(declaration)) return this.properties(declaration.type, found.file, depth + 1);
    if (!api.isInterfaceDeclaration(declaration)) return undefined;
    if (declaration.members.some((member) => api.isCallSignatureDeclaration(member))) return undefined;
    const own = this.#members(declaration.members, found.file);
    const parents = (declaration.heritageClauses ?? [])
      .flatMap((clause) => clause.types)
      .map((parent) => this.#parent(parent, found.file, depth));
    return merge([...parents, own]);
  }

  /** `Record<string, …>`, by whatever name: an object whose keys are the user's own. */
  isRecord(node: ts.TypeNode | undefined, file: FileScope, depth = 0): boolean {
    const api = this.#ts;
    if (
      node === undefined ||
      depth > maximalDepth ||
      !api.isTypeReferenceNode(node) ||
      !api.isIdentifier(node.typeName)
    )
      return false;
    const found = this.#scopes.lookup(file, node.typeName.text);
    if (found !== undefined)
      return (
        api.isTypeAliasDeclaration(found.declaration) && this.isRecord(found.declaration.type, found.file, depth + 1)
      );
    const [first] = node.typeArguments ?? [];
    if (node.typeName.text === "Readonly") return this.isRecord(first, file, depth + 1);
    return node.typeName.text === "Record" && first?.kind === api.SyntaxKind.StringKeyword;
  }

  /** `{ [K in keyof Settings]?: Settings[K] | undefined }`: the properties of `Settings`, each optional. */
  #mapped(node: ts.MappedTypeNode, file: FileScope, depth: number): ObjectShape | undefined {
    const api = this.#ts;
    const { constraint, name } = node.typeParameter;
    if (constraint === undefined || !api.isTypeOperatorNode(constraint)) return undefined;
    const base = this.properties(constraint.type, file, depth + 1);
    const keepsTypes = node.type?.getText(file.source).includes(`[${name.text}]`) ?? false;
    const optional = (own: boolean): boolean =>
      node.questionToken === undefined ? own : node.questionToken.kind !== api.SyntaxKind.MinusToken;
    const changed = base?.properties.map((property) => ({
      ...property,
      optional: optional(property.optional),
      ...(keepsTypes ? {} : { type: node.type, file }),
    }));
    return base === undefined || changed === undefined ? undefined : { ...base, properties: changed };
  }

  #parent(parent: ts.ExpressionWithTypeArguments, file: FileScope, depth: number): ObjectShape | undefined {
    const api = this.#ts;
    if (!api.isIdentifier(parent.expression)) return undefined;
    return this.properties(
      api.factory.createTypeReferenceNode(parent.expression, parent.typeArguments),
      file,
      depth + 1,
    );
  }

  #members(members: readonly ts.TypeElement[], file: FileScope): ObjectShape {
    const api = this.#ts;
    const properties: Property[] = [];
    let open = false;
    for (const member of members) {
      if (api.isIndexSignatureDeclaration(member)) open = true;
      if (member.name === undefined || !(api.isIdentifier(member.name) || api.isStringLiteral(member.name))) continue;
      const isMethod = api.isMethodSignature(member);
      if (!isMethod && !api.isPropertySignature(member)) continue;
      properties.push({
        name: member.name.text,
        optional: member.questionToken !== undefined,
        type: isMethod ? undefined : member.type,
        node: member,
        file,
        isMethod,
      });
    }
    return { properties, open };
  }

  #utility(name: string, args: readonly ts.TypeNode[], file: FileScope, depth: number): ObjectShape | undefined {
    const base = this.properties(args[0], file, depth + 1);
    if (base === undefined) return undefined;
    const map = (change: (property: Property) => Property): ObjectShape => ({
      ...base,
      properties: base.properties.map(change),
    });
    switch (name) {
      case "Readonly":
        return base;
      case "Partial":
        return map((property) => ({ ...property, optional: true }));
      case "Required":
        return map((property) => ({ ...property, optional: false }));
      case "Omit":
      case "Pick": {
        const named = new Set(literalTexts(this.shape(args[1], file, depth + 1)));
        return {
          ...base,
          properties: base.properties.filter((property) => named.has(property.name) === (name === "Pick")),
        };
      }
      default:
        return undefined;
    }
  }

  #reference(node: ts.TypeReferenceNode, file: FileScope, depth: number): TypeShape {
    const api = this.#ts;
    if (!api.isIdentifier(node.typeName)) return unknownShape;
    const name = node.typeName.text;
    const first = node.typeArguments?.[0];
    const found = this.#scopes.lookup(file, name);
    if (found === undefined) {
      if (name === "Array" || name === "ReadonlyArray")
        return { kind: "array", element: this.shape(first, file, depth + 1) };
      if (name === "Record") return { kind: "object" };
      if (name === "Readonly") return this.shape(first, file, depth + 1);
      if (["Partial", "Required", "Omit", "Pick"].includes(name)) return this.#object(node, file, depth);
      if (name === "NonNullable" || name === "Exclude") return this.shape(first, file, depth + 1);
      if (/^(Float|Int|Uint|BigInt|BigUint)\d+(Clamped)?Array$/.test(name)) return { kind: "instance", name };
      return unknownShape;
    }
    const { declaration } = found;
    if (api.isTypeAliasDeclaration(declaration)) return this.shape(declaration.type, found.file, depth + 1);
    if (api.isClassDeclaration(declaration)) return { kind: "instance", name };
    if (!api.isInterfaceDeclaration(declaration)) return unknownShape;
    if (declaration.members.some(api.isCallSignatureDeclaration)) return { kind: "function" };
    // An interface with methods is implemented by classes; one of plain properties may be written as a mapping.
    if (declaration.members.some(api.isMethodSignature)) return { kind: "instance", name };
    return { ...this.#object(node, file, depth), name };
  }

  /** A type that may be written as a mapping, with the names that it takes where they are known and few levels down. */
  #object(node: ts.TypeNode, file: FileScope, depth: number): TypeShape & { readonly kind: "object" } {
    const found = depth > propertyDepth ? undefined : this.properties(node, file, depth + 1);
    if (found === undefined || found.open) return { kind: "object" };
    const shapeOf = (property: Property): TypeShape =>
      property.isMethod ? { kind: "function" } : this.shape(property.type, property.file, depth + 2);
    return {
      kind: "object",
      properties: Object.fromEntries(found.properties.map((property) => [property.name, shapeOf(property)])),
    };
  }

  #literal(literal: ts.LiteralTypeNode["literal"]): TypeShape {
    const api = this.#ts;
    if (api.isStringLiteral(literal)) return { kind: "literal", value: literal.text };
    if (api.isNumericLiteral(literal)) return { kind: "literal", value: Number(literal.text) };
    if (literal.kind === api.SyntaxKind.NullKeyword) return { kind: "null" };
    if (literal.kind === api.SyntaxKind.TrueKeyword) return { kind: "literal", value: true };
    if (literal.kind === api.SyntaxKind.FalseKeyword) return { kind: "literal", value: false };
    return unknownShape;
  }

  #tupleElement(node: ts.TupleTypeNode, file: FileScope, depth: number): TypeShape {
    const api = this.#ts;
    return unionOf(
      node.elements.map((element) =>
        this.shape(api.isNamedTupleMember(element) ? element.type : element, file, depth + 1),
      ),
    );
  }

  /** `Options["name"]`, `(typeof names)[number]`. */
  #indexed(node: ts.IndexedAccessTypeNode, file: FileScope, depth: number): TypeShape {
    const api = this.#ts;
    const index = this.shape(node.indexType, file, depth + 1);
    if (index.kind === "literal") {
      const property = this.properties(node.objectType, file, depth + 1)?.properties.find(
        ({ name }) => name === index.value,
      );
      return property === undefined ? unknownShape : this.shape(property.type, property.file, depth + 1);
    }
    const value = this.#constant(node.objectType, file);
    if (value === undefined || !api.isArrayLiteralExpression(value)) return unknownShape;
    const texts = value.elements.filter(api.isStringLiteral).map((element) => element.text);
    return texts.length === value.elements.length
      ? unionOf(texts.map((text) => ({ kind: "literal", value: text })))
      : unknownShape;
  }

  /** `keyof typeof table`, `keyof Options`. */
  #keys(node: ts.TypeNode, file: FileScope): TypeShape {
    const api = this.#ts;
    const named = (texts: readonly string[]): TypeShape =>
      unionOf(texts.map((text) => ({ kind: "literal", value: text })));
    const properties = this.properties(node, file)?.properties;
    if (properties !== undefined) return named(properties.map(({ name }) => name));
    const value = this.#constant(node, file);
    if (value === undefined || !api.isObjectLiteralExpression(value)) return unknownShape;
    const texts = value.properties.map(({ name }) =>
      name !== undefined && (api.isIdentifier(name) || api.isStringLiteral(name)) ? name.text : undefined,
    );
    return texts.every((text) => text !== undefined) ? named(texts) : unknownShape;
  }

  /** The literal behind `typeof name`. */
  #constant(node: ts.TypeNode, file: FileScope): ts.Expression | undefined {
    const api = this.#ts;
    const query = api.isParenthesizedTypeNode(node) ? node.type : node;
    if (!api.isTypeQueryNode(query) || !api.isIdentifier(query.exprName)) return undefined;
    const found = this.#scopes.lookup(file, query.exprName.text)?.declaration;
    let value = found !== undefined && api.isVariableDeclaration(found) ? found.initializer : undefined;
    while (value !== undefined && (api.isAsExpression(value) || api.isSatisfiesExpression(value)))
      value = value.expression;
    return value;
  }
}

function literalTexts(shape: TypeShape): string[] {
  if (shape.kind === "union") return shape.of.flatMap(literalTexts);
  return shape.kind === "literal" ? [String(shape.value)] : [];
}

/** Later parts win, as in `interface A extends B`. A part that could not be followed leaves the whole open. */
function merge(parts: readonly (ObjectShape | undefined)[]): ObjectShape | undefined {
  if (parts.every((part) => part === undefined)) return undefined;
  const properties = new Map<string, Property>();
  for (const part of parts) for (const property of part?.properties ?? []) properties.set(property.name, property);
  return { properties: [...properties.values()], open: parts.some((part) => part?.open ?? true) };
}
