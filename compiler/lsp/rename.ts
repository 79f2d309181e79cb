/**
 * @file Renaming a block in every template of its hierarchy.
 *
 * A block is one thing in all templates that share a root: renaming it in one of them alone would make an override of nothing. Where the library
 * has a say in it, nothing is renamed: its templates are not the user's to edit.
 */
import type { TextEdit, WorkspaceEdit } from "vscode-languageserver";
import type { TemplateEntry } from "../driver/template-index.ts";
import type { Span } from "../source/span.ts";
import { blockNames, type Cursor, subjectAt } from "./cursor.ts";
import { rangeOf, uriOfPath } from "./documents.ts";

export interface Renamable {
  readonly name: string;
  readonly span: Span;
  readonly places: readonly Span[];
}

/** Why it cannot be, in one sentence. */
export interface NotRenamable {
  readonly reason: string;
}

/** @param isOurs whether a file may be edited */
export function renamableAt(cursor: Cursor, isOurs: (path: string) => boolean): Renamable | NotRenamable {
  const { view, entry } = cursor;
  const subject = subjectAt(cursor);
  if (subject?.kind !== "block" || entry === undefined) return { reason: "only blocks can be renamed" };
  const { name, span } = subject;
  const owners = sharers(cursor, entry, name);
  const foreign = owners.find(({ path }) => !isOurs(path));
  if (foreign !== undefined)
    return { reason: `block '${name}' is also in '${foreign.name}', which is not part of this workspace` };
  const places = owners.flatMap(({ tree }) =>
    tree === undefined ? [] : blockNames(tree).flatMap((block) => (block.name === name ? [block.span] : [])),
  );
  const broken = view.family(entry).find(({ tree }) => tree === undefined || tree.damage !== undefined);
  if (broken !== undefined)
    return { reason: `'${broken.name}' cannot be read, so it is not known whether it has the block` };
  return { name, span, places };
}

/** The templates in one hierarchy that have the block. */
function sharers({ view }: Cursor, entry: TemplateEntry, name: string): readonly TemplateEntry[] {
  return view.family(entry).filter(({ tree }) => tree?.blocks.has(name) === true);
}

export function renameEdit(
  cursor: Cursor,
  newName: string,
  isOurs: (path: string) => boolean,
): WorkspaceEdit | NotRenamable {
  if (!/^[A-Za-z_]\w*$/.test(newName)) return { reason: `'${newName}' cannot be the name of a block` };
  const found = renamableAt(cursor, isOurs);
  if ("reason" in found) return found;
  const { view, entry } = cursor;
  const taken = entry === undefined ? undefined : sharers(cursor, entry, newName)[0];
  if (taken !== undefined && newName !== found.name)
    return { reason: `'${taken.name}' has a block '${newName}' already` };
  const changes: Record<string, TextEdit[]> = {};
  for (const span of found.places) {
    const uri = uriOfPath(span.file.path);
    changes[uri] ??= [];
    changes[uri].push({ range: rangeOf(span), newText: newName });
  }
  // A `self.name()` prints the block too.
  for (const { tree, path } of entry === undefined ? [] : view.family(entry)) {
    if (tree === undefined || !isOurs(path)) continue;
    const text = tree.file.text;
    for (const match of text.slice(tree.start, tree.end).matchAll(new RegExp(`\\bself\\.(${found.name})\\b`, "g"))) {
      const start = tree.start + match.index + "self.".length;
      const uri = uriOfPath(path);
      changes[uri] ??= [];
      changes[uri].push({
        range: rangeOf({ file: tree.file, start, end: start + found.name.length }),
        newText: newName,
      });
    }
  }
  return { changes };
}
