/** @file Features of the language server tried without one: a cursor is set by the text around it. */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Location } from "vscode-languageserver";
import { nodeHost } from "../../compiler/cli/node-host.ts";
import { Components } from "../../compiler/lsp/components.ts";
import { type Cursor, cursorAt } from "../../compiler/lsp/cursor.ts";
import { OpenDocuments, overlayHost } from "../../compiler/lsp/documents.ts";
import { type ProjectView, ProjectViews } from "../../compiler/lsp/project-view.ts";

export const workspace = join(import.meta.dirname, "workspace");
export const templates = join(workspace, "kitchen/templates");

/** A workspace with documents that were edited; the others are as on disk. */
export class Bench {
  readonly documents = new OpenDocuments();
  readonly host = overlayHost(nodeHost(), this.documents);
  readonly views = new ProjectViews(this.host, [workspace]);

  /** @param edits by the name of a template: its text, `‸` where the cursor is to be */
  constructor(edits: Readonly<Record<string, string>> = {}) {
    for (const [name, text] of Object.entries(edits)) this.documents.set(join(templates, name), text.replace("‸", ""));
  }

  view(name: string): ProjectView {
    const view = this.views.of(join(templates, name));
    if (view === undefined) throw new Error(`${name} is in no project`);
    return view;
  }

  /** A cursor in a template as it is on disk: at the start of `text`, or `behind` so many of its characters. */
  at(name: string, text: string, behind = 0): Cursor {
    const path = join(templates, name);
    const whole = this.host.files.readText(path) ?? "";
    const offset = whole.indexOf(text);
    if (offset < 0) throw new Error(`${name} does not hold ${text}`);
    return cursorAt(this.view(name), { path, text: whole }, offset + behind);
  }

  components(view: ProjectView): Components {
    return new Components(this.host, view.project);
  }
}

/** A cursor at the `‸` of an edited template. */
export function typing(name: string, text: string): { readonly bench: Bench; readonly cursor: Cursor } {
  const bench = new Bench({ [name]: text });
  const path = join(templates, name);
  const file = { path, text: text.replace("‸", "") };
  return { bench, cursor: cursorAt(bench.view(name), file, text.indexOf("‸")) };
}

/** `kitchen.yaml:8 -- block optimizer`: the line that a place is in. */
export function shown({ uri, range }: Location): string {
  const path = fileURLToPath(uri);
  const line = readFileSync(path, "utf8").split("\n")[range.start.line] ?? "";
  return `${relative(path.startsWith(workspace) ? join(workspace, "kitchen") : workspace, path)}:${range.start.line + 1} ${line.trim()}`;
}
