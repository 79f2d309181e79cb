/** @file Rules on what is defined and named nowhere: anchors, macros, templates, flags. */
import { metaFileName } from "../../config/project.ts";
import { readDynamicFlags } from "../../driver/dynamic-args.ts";
import { nearest } from "../../source/nearest.ts";
import type { Span } from "../../source/span.ts";
import type { Text } from "../../template/syntax/ast.ts";
import { type Corpus, visitAll } from "../corpus.ts";
import { lintDiagnostics as found } from "../diagnostics.ts";
import type { LintRule } from "../rule.ts";

/** Texts of a template, comments of YAML blanked out so that offsets hold. */
function* textsOf({ templates }: Corpus): Generator<{ readonly text: string; readonly span: Span }> {
  for (const { tree } of templates) {
    const texts: Text[] = [];
    visitAll(tree.body, { statement: (node) => void (node.kind === "text" && texts.push(node)) });
    for (const node of texts)
      for (const { text, span } of node.runs)
        yield { text: text.replace(/(^|[ \t])#.*$/gm, (comment) => " ".repeat(comment.length)), span };
  }
}

export const unusedAnchor: LintRule = {
  name: "unused-anchor",
  *find(corpus) {
    const used = new Set<string>();
    const carriers: { readonly name: string; readonly span: Span }[] = [];
    for (const { text, span } of textsOf(corpus)) {
      // An alias whose name is computed may be any.
      if (/(?:^|[\s[{,:(])\*$/.test(text)) return;
      for (const [, name] of text.matchAll(/(?:^|[\s[{,])\*([\w.-]+)/g)) used.add(name as string);
      for (const match of text.matchAll(/^[ \t]*\.define[ \t]*:[ \t]*(?:!\S+[ \t]+)?&([\w.-]+)/gm)) {
        const name = match[1] as string;
        const start = span.start + (match.index as number) + match[0].length - name.length - 1;
        carriers.push({ name, span: { file: span.file, start, end: start + name.length + 1 } });
      }
    }
    // In expressions aliases stand in strings.
    for (const text of corpus.texts) for (const [, name] of text.matchAll(/\*([\w.-]+)/g)) used.add(name as string);
    for (const { name, span } of carriers)
      if (!used.has(name)) yield found.unusedAnchor({ span }, { name, nearest: nearest(name, used) });
  },
};

export const unusedMacro: LintRule = {
  name: "unused-macro",
  *find({ templates, named }) {
    for (const { tree } of templates)
      for (const statement of tree.body)
        if (statement.kind === "macro" && !named.has(statement.name) && !statement.name.startsWith("_"))
          yield found.unusedMacro({ span: statement.nameSpan }, { name: statement.name, nearest: undefined });
  },
};

export const unreachedTemplate: LintRule = {
  name: "unreached-template",
  *find({ templates, project, texts, byName }) {
    // A name that leads nowhere may be a slip for one that nothing leads to.
    const lost = [...texts].filter((text) => /^[\w./-]+\.[\w./-]+$/.test(text) && !byName.has(text));
    const prefix = project.configPrefix === "" ? "" : `${project.configPrefix}/`;
    for (const { entry, tree } of templates) {
      const isConfig = entry.container === undefined && (entry.name.startsWith(prefix) || entry.name === metaFileName);
      // Templates of the workspace and the library are there for projects that this one does not know.
      const isOwn = entry.path.startsWith(`${project.dir}/`);
      if (isConfig || !isOwn || texts.has(entry.name) || prefix === "") continue;
      if (templates.some(({ entry: part }) => part.container === entry.name && texts.has(part.name))) continue;
      const start = tree.start;
      const end = tree.file.text.indexOf("\n", start);
      const span = { file: tree.file, start, end: end < 0 ? tree.end : end };
      yield found.unreachedTemplate({ span }, { name: entry.name, nearest: nearest(entry.name, lost) });
    }
  },
};

export const unreadFlag: LintRule = {
  name: "unread-flag",
  *find({ read, configs }) {
    // Any template's: flags are declared once for several kinds of configs, and a child may read what its parent declares.
    const bases = new Set([...read].map((name) => name.split(".")[0] as string));
    const seen = new Set<string>();
    for (const { graph } of configs) {
      if (graph === undefined) continue;
      for (const { names, variable, origin } of readDynamicFlags(graph).flags) {
        const key = `${origin.span.file.path}:${origin.span.start}`;
        if (bases.has(variable) || seen.has(key)) continue;
        seen.add(key);
        const flag = names.find((name) => name.startsWith("--")) ?? (names[0] as string);
        yield found.unreadFlag({ span: origin.span, chain: origin.stack }, { flag, variable });
      }
    }
  },
};
