/**
 * @file Sources → signatures: the parameters of every exported class and function, options objects spread into their properties.
 *
 * Works on syntax, with names followed through imports (`scope.ts`). Defaults are found where people write them: in the parameter's
 * destructuring, in a destructuring, `options.x ?? value` or `{ ...defaults, ...options }` in the body, in a `@defaultValue` tag, or as a plain value after "Default" in the text.
 */
import type ts from "typescript";
import { type FileScope, type Found, ScopeTable, type SourceHost } from "./scope.ts";
import { ShapeReader } from "./shapes.ts";
import type {
  CallableSignature,
  ExportSignature,
  ModuleSignature,
  OptionSignature,
  ParameterSignature,
} from "./signature.ts";

type CallableNode =
  | ts.ConstructorDeclaration
  | ts.MethodDeclaration
  | ts.FunctionDeclaration
  | ts.ArrowFunction
  | ts.FunctionExpression;

export class SignatureExtractor {
  readonly #scopes: ScopeTable;
  readonly #shapes: ShapeReader;
  readonly #ts: typeof ts;

  constructor(host: SourceHost) {
    this.#scopes = new ScopeTable(host);
    this.#shapes = new ShapeReader(this.#scopes);
    this.#ts = host.ts;
  }

  /** Every file that was read: what a signature depends on. */
  get paths(): readonly string[] {
    return this.#scopes.paths;
  }

  /** The signatures of all exports of the file at `path`; absent where there is no such file. */
  module(path: string): ModuleSignature | undefined {
    const file = this.#scopes.file(path);
    if (file === undefined) return undefined;
    const exports: Record<string, ExportSignature> = {};
    for (const name of this.#scopes.exportedNames(file).sort()) {
      const found = this.#scopes.exported(file, name);
      if (found !== undefined) exports[name] = this.#export(found, name);
    }
    return { exports };
  }

  #export({ declaration, file }: Found, name: string): ExportSignature {
    const api = this.#ts;
    if (api.isClassDeclaration(declaration)) return this.#class(declaration, file, name);
    if (api.isFunctionDeclaration(declaration))
      return this.#callable(declaration, file, "function", this.#doc(declaration));
    if (!api.isVariableDeclaration(declaration)) return { kind: "type", type: name, doc: this.#doc(declaration) };
    const doc = this.#doc(declaration.parent.parent);
    const value = declaration.initializer;
    if (value !== undefined && (api.isArrowFunction(value) || api.isFunctionExpression(value)))
      return this.#callable(value, file, "function", doc);
    return {
      kind: "const",
      type: declaration.type === undefined ? "unknown" : this.#text(declaration.type, file),
      doc,
    };
  }

  #class(declaration: ts.ClassDeclaration, file: FileScope, name: string): CallableSignature {
    const api = this.#ts;
    const doc = this.#doc(declaration);
    const own = this.#constructorOf(declaration, file);
    const signature = own === undefined ? { parameters: [] } : this.#callable(own.node, own.file, "class", doc);
    const statics: Record<string, CallableSignature> = {};
    for (const member of declaration.members) {
      if (!api.isMethodDeclaration(member) || !api.isIdentifier(member.name)) continue;
      const flags = api.getCombinedModifierFlags(member);
      if (
        (flags & api.ModifierFlags.Static) === 0 ||
        (flags & (api.ModifierFlags.Private | api.ModifierFlags.Protected)) !== 0
      )
        continue;
      statics[member.name.text] ??= this.#callable(member, file, "function", this.#doc(member));
    }
    const made = { kind: "class", parameters: signature.parameters, returns: name, async: false, doc } as const;
    return Object.keys(statics).length === 0 ? made : { ...made, statics };
  }

  /** The class's own constructor, or the nearest ancestor's. */
  #constructorOf(
    declaration: ts.ClassDeclaration,
    file: FileScope,
  ): { node: ts.ConstructorDeclaration; file: FileScope } | undefined {
    const api = this.#ts;
    const own = declaration.members.find(api.isConstructorDeclaration);
    if (own !== undefined) return { node: own, file };
    const parent = declaration.heritageClauses?.find((clause) => clause.token === api.SyntaxKind.ExtendsKeyword)
      ?.types[0]?.expression;
    if (parent === undefined || !api.isIdentifier(parent)) return undefined;
    const found = this.#scopes.lookup(file, parent.text);
    return found !== undefined && api.isClassDeclaration(found.declaration)
      ? this.#constructorOf(found.declaration, found.file)
      : undefined;
  }

  #callable(node: CallableNode, file: FileScope, kind: CallableSignature["kind"], doc: string): CallableSignature {
    const api = this.#ts;
    const parameters = node.parameters.map((parameter) => this.#parameter(parameter, node, file));
    const returns = node.type === undefined ? "unknown" : this.#text(node.type, file);
    const isAsync =
      (api.getCombinedModifierFlags(node as ts.Declaration) & api.ModifierFlags.Async) !== 0 ||
      returns.startsWith("Promise<");
    return { kind, parameters, returns, async: isAsync, doc };
  }

  #parameter(parameter: ts.ParameterDeclaration, owner: CallableNode, file: FileScope): ParameterSignature {
    const api = this.#ts;
    const name = api.isIdentifier(parameter.name) ? parameter.name.text : "options";
    const optional = parameter.questionToken !== undefined || parameter.initializer !== undefined;
    const rest = parameter.dotDotDotToken !== undefined;
    const base = {
      name,
      required: !optional && !rest,
      rest,
      type:
        parameter.type === undefined
          ? (inferredType(parameter.initializer, api) ?? "unknown")
          : this.#text(parameter.type, file),
      shape:
        parameter.type === undefined
          ? inferredShape(parameter.initializer, api)
          : this.#shapes.shape(parameter.type, file),
      doc: this.#parameterDoc(parameter),
    };
    const defaultText = parameter.initializer === undefined ? {} : { default: this.#text(parameter.initializer, file) };
    const object = rest || base.shape.kind === "instance" ? undefined : this.#shapes.properties(parameter.type, file);
    // `info: Record<string, unknown>` at the end takes any name; anywhere else a record is data like any other.
    const isRecord =
      object === undefined &&
      !rest &&
      owner.parameters.at(-1) === parameter &&
      this.#shapes.isRecord(parameter.type, file);
    if (isRecord) return { ...base, ...defaultText, options: [], open: true };
    if (object === undefined) return { ...base, ...defaultText };

    const defaults = this.#optionDefaults(parameter, owner, file);
    const options = object.properties.map((property): OptionSignature => {
      const tag = this.#tag(property.node, "defaultValue") ?? this.#tag(property.node, "default");
      const doc = this.#doc(property.node);
      const found = defaults.get(property.name) ?? tag ?? documentedDefault(doc);
      const type = property.isMethod
        ? "(…) => …"
        : property.type === undefined
          ? "unknown"
          : this.#text(property.type, property.file);
      const shape = property.isMethod
        ? ({ kind: "function" } as const)
        : this.#shapes.shape(property.type, property.file);
      const own = { name: property.name, required: !property.optional, type, shape, doc };
      return found === undefined || own.required ? own : { ...own, default: found };
    });
    // `{}` as the default of an options object says nothing that the properties do not say.
    return { ...base, options, ...(object.open ? { open: true } : {}) };
  }

  /** Defaults of option properties: property name → source text. */
  #optionDefaults(parameter: ts.ParameterDeclaration, owner: CallableNode, file: FileScope): Map<string, string> {
    const api = this.#ts;
    const found = new Map<string, string>();
    const readPattern = (pattern: ts.BindingName): void => {
      if (!api.isObjectBindingPattern(pattern)) return;
      for (const element of pattern.elements) {
        const key = element.propertyName ?? element.name;
        if (element.initializer !== undefined && api.isIdentifier(key))
          found.set(key.text, this.#text(element.initializer, file));
      }
    };
    readPattern(parameter.name);
    if (owner.body === undefined || !api.isIdentifier(parameter.name)) return found;
    const local = parameter.name.text;
    const visit = (node: ts.Node): void => {
      if (
        api.isVariableDeclaration(node) &&
        node.initializer !== undefined &&
        api.isIdentifier(node.initializer) &&
        node.initializer.text === local
      )
        readPattern(node.name);
      if (api.isBinaryExpression(node) && node.operatorToken.kind === api.SyntaxKind.QuestionQuestionToken) {
        const { left, right } = node;
        const isOption =
          api.isPropertyAccessExpression(left) && api.isIdentifier(left.expression) && left.expression.text === local;
        if (isOption && !found.has(left.name.text)) found.set(left.name.text, this.#text(right, file));
      }
      if (api.isObjectLiteralExpression(node))
        for (const [name, text] of this.#spreadDefaults(node, file)) if (!found.has(name)) found.set(name, text);
      api.forEachChild(node, visit);
    };
    visit(owner.body);
    return found;
  }

  /** `{ ...defaults, ...given }`, where `defaults` is an object that the file spells out. */
  #spreadDefaults({ properties }: ts.ObjectLiteralExpression, file: FileScope): readonly (readonly [string, string])[] {
    const api = this.#ts;
    const [first, ...rest] = properties;
    if (first === undefined || !api.isSpreadAssignment(first) || !rest.some(api.isSpreadAssignment)) return [];
    const { expression } = first;
    const declared = file.source.statements
      .filter(api.isVariableStatement)
      .flatMap(({ declarationList }) => declarationList.declarations)
      .find(({ name }) => api.isIdentifier(expression) && api.isIdentifier(name) && name.text === expression.text);
    const values = declared?.initializer;
    if (values === undefined || !api.isObjectLiteralExpression(values)) return [];
    return values.properties.flatMap((property) =>
      api.isPropertyAssignment(property) && api.isIdentifier(property.name)
        ? [[property.name.text, this.#text(property.initializer, file)] as const]
        : [],
    );
  }

  #text(node: ts.Node, file: FileScope): string {
    return node
      .getText(node.getSourceFile() ?? file.source)
      .replace(/\/\*[\s\S]*?\*\//g, "")
      .replace(/\s+/g, " ")
      .trim();
  }

  #doc(node: ts.Node): string {
    const api = this.#ts;
    const blocks = api.getJSDocCommentsAndTags(node).filter(api.isJSDoc);
    const text = api.getTextOfJSDocComment(blocks.at(-1)?.comment) ?? "";
    return text.replace(/[ \t]*\n[ \t]*/g, "\n").trim();
  }

  #parameterDoc(parameter: ts.ParameterDeclaration): string {
    const api = this.#ts;
    const [tag] = api.getJSDocParameterTags(parameter);
    return (api.getTextOfJSDocComment(tag?.comment) ?? "").replace(/\s+/g, " ").trim();
  }

  #tag(node: ts.Node, name: string): string | undefined {
    const api = this.#ts;
    const tag = api.getJSDocTags(node).find((candidate) => candidate.tagName.text === name);
    const text = tag === undefined ? undefined : api.getTextOfJSDocComment(tag.comment);
    return text?.replaceAll("`", "").trim() || undefined;
  }
}

/** "Default 1e-3." at the end of a text: what a subclass or a table of settings fills in, where syntax cannot see it. */
function documentedDefault(doc: string): string | undefined {
  const value = /\bDefault ([−-]?\d+(?:\.\d+)?(?:e-?\d+)?|\[[^\]]*\]|true|false|"[^"]*"|`[^`]+`)(?=[.:,;]|\s*$)/.exec(
    doc,
  )?.[1];
  return value?.replaceAll("−", "-").replaceAll("`", "");
}

function inferredShape(initializer: ts.Expression | undefined, api: typeof ts): OptionSignature["shape"] {
  const type = inferredType(initializer, api);
  return type === "number" || type === "string" || type === "boolean" ? { kind: type } : { kind: "unknown" };
}

function inferredType(initializer: ts.Expression | undefined, api: typeof ts): string | undefined {
  if (initializer === undefined) return undefined;
  if (api.isNumericLiteral(initializer) || api.isPrefixUnaryExpression(initializer)) return "number";
  if (api.isStringLiteralLike(initializer)) return "string";
  const { TrueKeyword, FalseKeyword } = api.SyntaxKind;
  return initializer.kind === TrueKeyword || initializer.kind === FalseKeyword ? "boolean" : undefined;
}

export type { SourceHost };
