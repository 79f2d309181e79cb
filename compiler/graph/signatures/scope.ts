/**
 * @file Names in source files, by syntax alone: which declaration a name means, through imports and re-exports.
 *
 * No type checker: parsing the files that a module reaches takes milliseconds, and is enough for signatures.
 */
import type ts from "typescript";

/** The two things asked of the world: a file's text, and where an import leads. */
export interface SourceHost {
  readonly ts: typeof ts;
  read(path: string): string | undefined;
  /** The file that `specifier` means in `fromPath`; absent for what is not to be looked into. */
  resolve(specifier: string, fromPath: string): string | undefined;
}

export type Declaration =
  | ts.ClassDeclaration
  | ts.FunctionDeclaration
  | ts.InterfaceDeclaration
  | ts.TypeAliasDeclaration
  | ts.VariableDeclaration;

/** A declaration with the file whose names it speaks in. */
export interface Found {
  readonly declaration: Declaration;
  readonly file: FileScope;
}

interface Import {
  readonly specifier: string;
  /** `*` for a namespace. */
  readonly name: string;
}

export class FileScope {
  readonly path: string;
  readonly source: ts.SourceFile;
  readonly declarations = new Map<string, Declaration>();
  readonly imports = new Map<string, Import>();
  /** Exported name → local name, or where it comes from. */
  readonly exports = new Map<string, { readonly local: string } | Import>();
  readonly stars: string[] = [];

  constructor(path: string, source: ts.SourceFile, api: typeof ts) {
    this.path = path;
    this.source = source;
    for (const statement of source.statements) this.#read(statement, api);
  }

  #read(statement: ts.Statement, api: typeof ts): void {
    const modifiers = api.canHaveModifiers(statement) ? (api.getModifiers(statement) ?? []) : [];
    const isExported = modifiers.some((modifier) => modifier.kind === api.SyntaxKind.ExportKeyword);
    const isDefault = modifiers.some((modifier) => modifier.kind === api.SyntaxKind.DefaultKeyword);
    const declare = (name: string, declaration: Declaration): void => {
      // Of overloads the first one is the documented one; an implementation is never public.
      if (!this.declarations.has(name)) this.declarations.set(name, declaration);
      if (isExported) this.exports.set(isDefault ? "default" : name, { local: name });
    };
    if (api.isClassDeclaration(statement) || api.isFunctionDeclaration(statement)) {
      declare(statement.name?.text ?? "default", statement);
    } else if (api.isInterfaceDeclaration(statement) || api.isTypeAliasDeclaration(statement)) {
      declare(statement.name.text, statement);
    } else if (api.isVariableStatement(statement)) {
      for (const declaration of statement.declarationList.declarations) {
        if (api.isIdentifier(declaration.name)) declare(declaration.name.text, declaration);
      }
    } else if (api.isImportDeclaration(statement) && api.isStringLiteral(statement.moduleSpecifier)) {
      this.#readImport(statement, statement.moduleSpecifier.text, api);
    } else if (api.isExportDeclaration(statement)) {
      this.#readExport(statement, api);
    } else if (api.isExportAssignment(statement) && api.isIdentifier(statement.expression)) {
      this.exports.set("default", { local: statement.expression.text });
    }
  }

  #readImport(statement: ts.ImportDeclaration, specifier: string, api: typeof ts): void {
    const clause = statement.importClause;
    if (clause?.name !== undefined) this.imports.set(clause.name.text, { specifier, name: "default" });
    const bindings = clause?.namedBindings;
    if (bindings === undefined) return;
    if (api.isNamespaceImport(bindings)) this.imports.set(bindings.name.text, { specifier, name: "*" });
    else
      for (const element of bindings.elements)
        this.imports.set(element.name.text, { specifier, name: (element.propertyName ?? element.name).text });
  }

  #readExport(statement: ts.ExportDeclaration, api: typeof ts): void {
    const from = statement.moduleSpecifier;
    const specifier = from !== undefined && api.isStringLiteral(from) ? from.text : undefined;
    if (statement.exportClause === undefined) {
      if (specifier !== undefined) this.stars.push(specifier);
    } else if (api.isNamedExports(statement.exportClause)) {
      for (const element of statement.exportClause.elements) {
        const local = (element.propertyName ?? element.name).text;
        this.exports.set(element.name.text, specifier === undefined ? { local } : { specifier, name: local });
      }
    }
  }
}

/** The files that have been looked at. One per extraction: two compilations may run at once. */
export class ScopeTable {
  readonly host: SourceHost;
  readonly #files = new Map<string, FileScope | undefined>();

  constructor(host: SourceHost) {
    this.host = host;
  }

  /** The paths of all files read, in the order in which they were met. */
  get paths(): readonly string[] {
    return [...this.#files].flatMap(([path, file]) => (file === undefined ? [] : [path]));
  }

  file(path: string): FileScope | undefined {
    if (!this.#files.has(path)) {
      const { ts: api } = this.host;
      const text = this.host.read(path);
      const source = text === undefined ? undefined : api.createSourceFile(path, text, api.ScriptTarget.ESNext, true);
      this.#files.set(path, source === undefined ? undefined : new FileScope(path, source, api));
    }
    return this.#files.get(path);
  }

  /** What `name` means inside `file`. */
  lookup(file: FileScope, name: string, seen = new Set<string>()): Found | undefined {
    const declaration = file.declarations.get(name);
    if (declaration !== undefined) return { declaration, file };
    const imported = file.imports.get(name);
    return imported === undefined ? undefined : this.#follow(file, imported, seen);
  }

  /** What `file` exports as `name`. */
  exported(file: FileScope, name: string, seen = new Set<string>()): Found | undefined {
    const key = `${file.path}\0${name}`;
    if (seen.has(key)) return undefined;
    seen.add(key);
    const entry = file.exports.get(name);
    if (entry !== undefined)
      return "local" in entry ? this.lookup(file, entry.local, seen) : this.#follow(file, entry, seen);
    for (const specifier of file.stars) {
      const found = this.#follow(file, { specifier, name }, seen);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The names that `file` exports, those of `export *` included. */
  exportedNames(file: FileScope, seen = new Set<string>()): string[] {
    if (seen.has(file.path)) return [];
    seen.add(file.path);
    const names = new Set(file.exports.keys());
    for (const specifier of file.stars) {
      const target = this.#target(file, specifier);
      if (target !== undefined)
        for (const name of this.exportedNames(target, seen)) if (name !== "default") names.add(name);
    }
    return [...names];
  }

  #follow(file: FileScope, { specifier, name }: Import, seen: Set<string>): Found | undefined {
    const target = this.#target(file, specifier);
    return target === undefined ? undefined : this.exported(target, name, seen);
  }

  #target(file: FileScope, specifier: string): FileScope | undefined {
    const path = this.host.resolve(specifier, file.path);
    return path === undefined ? undefined : this.file(path);
  }
}
