/** @file The language server: the protocol's requests handed to the features, and open documents checked as they change. */
import {
  type Connection,
  DidChangeWatchedFilesNotification,
  type Diagnostic as EditorDiagnostic,
  type InitializeParams,
  type InitializeResult,
  LSPErrorCodes,
  type Position,
  ResponseError,
  TextDocumentSyncKind,
  TextDocuments,
} from "vscode-languageserver";
import { TextDocument } from "vscode-languageserver-textdocument";
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import type { Host } from "../driver/host.ts";
import { openExplainer } from "../driver/provenance/explain.ts";
import { TypeCheck } from "../driver/type-check.ts";
import { formatTemplates } from "../template/format/format.ts";
import { actionsFor } from "./actions.ts";
import { completionsAt } from "./completion.ts";
import { Components } from "./components.ts";
import { type Cursor, cursorAt } from "./cursor.ts";
import { definitionsAt } from "./definition.ts";
import { checkDocument, type FaultsByFile } from "./diagnostics.ts";
import { OpenDocuments, offsetOf, overlayHost, pathOfUri, rangeOf, uriOfPath } from "./documents.ts";
import { type Explain, hoverAt } from "./hover.ts";
import { type ProjectView, ProjectViews } from "./project-view.ts";
import { renamableAt, renameEdit } from "./rename.ts";
import { symbolsOf } from "./symbols.ts";

/** A pause in typing of so many milliseconds, and what is written is checked. */
const typingPause = 150;

const watched = "**/*.{yaml,yml,jinja,jinja2,ts}";

export class LanguageServer {
  readonly #connection: Connection;
  readonly #host: Host;
  readonly #open = new OpenDocuments();
  readonly #documents = new TextDocuments(TextDocument);
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** By the document that was checked: what was found, in whichever files. */
  readonly #faults = new Map<string, FaultsByFile>();
  readonly #versions = new Map<string, number>();
  #folders: readonly string[] = [];
  #views: ProjectViews;
  #components = new Map<string, Components>();
  #types: TypeCheck | undefined;
  #canWatch = false;

  constructor(connection: Connection, host: Host) {
    this.#connection = connection;
    this.#host = overlayHost(host, this.#open);
    this.#views = new ProjectViews(this.#host, []);
  }

  /** Serves until the connection is closed. */
  listen(): Promise<void> {
    const connection = this.#connection;
    connection.onInitialize((params) => this.#initialize(params));
    connection.onInitialized(() => this.#watchFiles());
    connection.onDefinition(({ textDocument, position }) =>
      this.#at(textDocument.uri, position, (cursor, components) => [...definitionsAt(cursor, components)]),
    );
    connection.onHover(({ textDocument, position }) =>
      this.#at(
        textDocument.uri,
        position,
        (cursor, components) => hoverAt(cursor, components, this.#explainer(cursor)) ?? null,
      ),
    );
    connection.onCompletion(({ textDocument, position }) =>
      this.#at(textDocument.uri, position, (cursor, components) => [...completionsAt(cursor, components)]),
    );
    connection.onDocumentSymbol(({ textDocument }) =>
      this.#in(textDocument.uri, (view, file) => [...symbolsOf(view, file)]),
    );
    connection.onPrepareRename(({ textDocument, position }) =>
      this.#at(textDocument.uri, position, (cursor) => {
        const found = renamableAt(cursor, this.#isOurs);
        if ("reason" in found) throw refusal(found.reason);
        return { range: rangeOf(found.span), placeholder: found.name };
      }),
    );
    connection.onRenameRequest(({ textDocument, position, newName }) =>
      this.#at(textDocument.uri, position, (cursor) => {
        const edit = renameEdit(cursor, newName, this.#isOurs);
        if ("reason" in edit) throw refusal(edit.reason);
        return edit;
      }),
    );
    connection.onCodeAction(({ textDocument, context }) =>
      this.#in(textDocument.uri, (_, file) => [...actionsFor(file, context.diagnostics)]),
    );
    connection.onDocumentFormatting(({ textDocument }) => this.#format(textDocument.uri));
    connection.onDidChangeWatchedFiles(() => this.#changed());
    this.#documents.onDidChangeContent(({ document }) => this.#edited(document));
    this.#documents.onDidSave(({ document }) => this.#withPath(document.uri, (path) => this.#check(path, "full")));
    this.#documents.onDidClose(({ document }) => this.#withPath(document.uri, (path) => this.#closed(path)));
    this.#documents.listen(connection);
    const closed = new Promise<void>((resolve) => connection.onShutdown(() => resolve()));
    connection.listen();
    return closed.then(() => this.#types?.close());
  }

  #initialize({ workspaceFolders, rootUri, capabilities }: InitializeParams): InitializeResult {
    const uris = workspaceFolders?.map(({ uri }) => uri) ?? (rootUri === null ? [] : [rootUri]);
    this.#folders = uris.flatMap((uri) => pathOfUri(uri) ?? []);
    this.#views = new ProjectViews(this.#host, this.#folders);
    this.#canWatch = capabilities.workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
    return {
      serverInfo: { name: "fgc", version: this.#host.versions.fgc },
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: { includeText: false } },
        definitionProvider: true,
        hoverProvider: true,
        completionProvider: { triggerCharacters: ["!", ":", "*", "[", ".", "'", '"', "|", " "] },
        documentSymbolProvider: true,
        renameProvider: { prepareProvider: true },
        documentFormattingProvider: true,
        codeActionProvider: { codeActionKinds: ["quickfix"] },
      },
    };
  }

  #watchFiles(): void {
    if (!this.#canWatch) return;
    void this.#connection.client.register(DidChangeWatchedFilesNotification.type, {
      watchers: [{ globPattern: watched }],
    });
  }

  /** Only templates of the user's: neither the library's nor those of packages. */
  readonly #isOurs = (path: string): boolean =>
    this.#folders.some((folder) => path.startsWith(`${folder}/`)) &&
    !path.startsWith(`${this.#host.packageRoot}/templatelib/`) &&
    !path.includes("/node_modules/");

  #withPath(uri: string, use: (path: string) => void): void {
    const path = pathOfUri(uri);
    if (path !== undefined) use(path);
  }

  #in<T>(uri: string, use: (view: ProjectView, file: { path: string; text: string }) => T): T | null {
    const path = pathOfUri(uri);
    const text = path === undefined ? undefined : this.#host.files.readText(path);
    const view = path === undefined ? undefined : this.#views.of(path);
    return path === undefined || text === undefined || view === undefined ? null : use(view, { path, text });
  }

  #at<T>(uri: string, position: Position, use: (cursor: Cursor, components: Components) => T): T | null {
    return this.#in(uri, (view, file) => use(cursorAt(view, file, offsetOf(file, position)), this.#componentsOf(view)));
  }

  /** Documentation outlives edits: only modules of the project can change it. */
  #componentsOf({ project }: ProjectView): Components {
    let components = this.#components.get(project.dir);
    if (components === undefined) {
      components = new Components(this.#host, project);
      this.#components.set(project.dir, components);
    }
    return components;
  }

  /** What a value comes from; a config that cannot be read tells nothing. */
  #explainer({ view: { project } }: Cursor): Explain {
    return (config, path) => {
      try {
        return openExplainer(this.#host, { project, config }, (name) => `--${name.replaceAll("_", "-")}`).explain(path);
      } catch (error) {
        if (error instanceof DiagnosticError) return undefined;
        throw error;
      }
    };
  }

  #format(uri: string): { range: ReturnType<typeof rangeOf>; newText: string }[] {
    const path = pathOfUri(uri);
    const text = path === undefined ? undefined : this.#host.files.readText(path);
    if (path === undefined || text === undefined) return [];
    const file = { path, text };
    const made = formatTemplates(file);
    const isWhole = made.diagnostics.every(({ severity }) => severity !== "error");
    if (!isWhole || made.text === text) return [];
    return [{ range: rangeOf({ file, start: 0, end: text.length }), newText: made.text }];
  }

  #edited(document: TextDocument): void {
    const path = pathOfUri(document.uri);
    if (path === undefined) return;
    this.#open.set(path, document.getText());
    this.#views.forget();
    // What can be constructed changes with modules and import maps only.
    if (/\.[cm]?ts$|\/meta\.yaml$/.test(path)) this.#components.clear();
    // A document that was just opened is looked at with all that there is.
    const types = this.#faults.has(path) ? "signatures" : "full";
    clearTimeout(this.#timers.get(path));
    this.#timers.set(
      path,
      setTimeout(() => this.#check(path, types), typingPause),
    );
  }

  /** Something changed outside of the open documents. */
  #changed(): void {
    this.#views.forget();
    this.#components.clear();
    for (const path of this.#open.paths) this.#check(path, "signatures");
  }

  #closed(path: string): void {
    clearTimeout(this.#timers.get(path));
    this.#open.delete(path);
    this.#views.forget();
    const faults = this.#faults.get(path);
    this.#faults.delete(path);
    for (const file of faults?.keys() ?? []) this.#publish(file);
  }

  #check(path: string, types: "signatures" | "full"): void {
    const version = (this.#versions.get(path) ?? 0) + 1;
    this.#versions.set(path, version);
    void this.#faultsOf(path, types).then((faults) => {
      // A later edit is being checked already.
      if (this.#versions.get(path) !== version || this.#open.text(path) === undefined) return;
      const before = this.#faults.get(path);
      this.#faults.set(path, faults);
      for (const file of new Set([...(before?.keys() ?? []), ...faults.keys()])) this.#publish(file);
    });
  }

  async #faultsOf(path: string, types: "signatures" | "full"): Promise<FaultsByFile> {
    try {
      this.#types ??= new TypeCheck(this.#host, "resident");
      return await checkDocument(this.#host, this.#views, path, { types, checker: this.#types });
    } catch (error) {
      if (error instanceof DiagnosticError) return new Map([[path, []]]);
      // A fault of ours is told in the editor's log; the server goes on.
      this.#connection.console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
      return new Map([[path, []]]);
    }
  }

  /** What all checks have found in one file, each fault once. */
  #publish(path: string): void {
    const all = [...this.#faults.values()].flatMap((files) => files.get(path) ?? []);
    const keyOf = ({ range, code, message }: EditorDiagnostic): string => JSON.stringify([range, code, message]);
    const diagnostics = [...new Map(all.map((fault) => [keyOf(fault), fault])).values()];
    void this.#connection.sendDiagnostics({ uri: uriOfPath(path), diagnostics });
  }
}

function refusal(reason: string): ResponseError<void> {
  return new ResponseError(LSPErrorCodes.RequestFailed, reason);
}
