/**
 * @file `fgc pp --html`: the text as one page that needs nothing else. Each line tells which template wrote it, and how it came there.
 *
 * The text, its places and the colours of the templates stand in the page as they are, so it can be read and printed without its script; the
 * script adds the panel with the template's own lines, the search and the keyboard.
 */
import { type Origin, type SourceFile, startOf } from "../../source/span.ts";
import { blockOf } from "../explain-json.ts";
import { pageScript } from "./page-script.ts";
import { pageStyle } from "./page-style.ts";
import { type WrittenLine, writersOf } from "./written-lines.ts";

export interface PageContent {
  readonly title: string;
  readonly project: string;
  readonly lines: readonly WrittenLine[];
  /** A template as its readers know it. */
  readonly showFile: (path: string) => string;
  /** What gave the value of an expression that was printed. */
  readonly sourcesOf: (origin: Origin) => readonly PageSource[];
}

export interface PageSource {
  readonly note: string;
  readonly value: string | undefined;
  readonly origin: Origin | undefined;
}

export function originPage(content: PageContent): string {
  const index = new OriginIndex(content);
  const lines = content.lines.map((line) => lineHtml(line, index, content.showFile)).join("\n");
  const legend = index.templates.map(
    ({ name, file, lines: count }, i) =>
      `<li><button type="button" class="t" style="--h:${hue(i)}" data-t="${i}" aria-pressed="false" title="${escapeHtml(file.path)}">${escapeHtml(name)} <small>${count}</small></button></li>`,
  );
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(content.title)}: where each line was written</title>
<style>
${pageStyle}
${index.templates.map((_, i) => `.t${i}{--h:${hue(i)}}`).join("\n")}
</style>
</head>
<body>
<header>
<h1>${escapeHtml(content.title)}</h1>
<p>${escapeHtml(content.project)} · ${content.lines.length} lines from ${index.templates.length} templates</p>
<form role="search" onsubmit="return false"><input id="q" type="search" placeholder="Search the text ( / )" aria-label="Search the text"><output id="hits" for="q"></output></form>
<details open><summary>Templates</summary><ul id="legend">
${legend.join("\n")}
</ul></details>
</header>
<main>
<ol id="text" aria-label="Preprocessed text">
${lines}
</ol>
<aside id="panel" aria-live="polite" aria-label="Where this line was written"><p class="hint">Point at a line, or move with <kbd>↑</kbd> <kbd>↓</kbd>, to see where it was written. A click or <kbd>Enter</kbd> keeps it, <kbd>Esc</kbd> lets it go, <kbd>n</kbd> and <kbd>p</kbd> go from match to match.</p></aside>
</main>
<script id="data" type="application/json">${json(index.data())}</script>
<script>
${pageScript}
</script>
</body>
</html>
`;
}

/** Hues far apart, also between neighbours: steps of the golden angle. */
function hue(index: number): number {
  return Math.round((210 + index * 137.508) % 360);
}

function lineHtml(line: WrittenLine, index: OriginIndex, showFile: PageContent["showFile"]): string {
  const { number, origin } = line;
  if (origin === undefined)
    return `<li id="L${number}"><span class="n">${number}</span><code></code><span class="w"></span></li>`;
  const own = index.of(origin);
  const template = index.count(origin.span.file);
  const parts = line.segments.map(({ text, origin: writer }) => {
    const id = index.of(writer);
    if (id === own && !index.isPrinted(id)) return escapeHtml(text);
    return `<span data-o="${id}" class="t${index.templateOf(writer.span.file)}${index.isPrinted(id) ? " e" : ""}">${escapeHtml(text)}</span>`;
  });
  const [, ...others] = writersOf(line);
  const more = others.length === 0 ? "" : ` +${others.length}`;
  const place = line.text.trim() === "" ? "" : `${showFile(origin.span.file.path)}:${startOf(origin.span).line}${more}`;
  const comment = line.text.trimStart().startsWith("#") ? " c" : "";
  return `<li id="L${number}" class="t${template}${comment}" data-o="${own}" tabindex="-1"><span class="n">${number}</span><code>${parts.join("")}</code><span class="w">${escapeHtml(place)}</span></li>`;
}

interface TemplateCount {
  readonly name: string;
  readonly file: SourceFile;
  lines: number;
}

/** Templates and places by number, each told once. */
class OriginIndex {
  readonly templates: TemplateCount[] = [];
  readonly #content: PageContent;
  readonly #templates = new Map<string, number>();
  readonly #ids = new Map<string, number>();
  readonly #entries: { readonly origin: Origin; readonly sources: readonly PageSource[] }[] = [];

  constructor(content: PageContent) {
    this.#content = content;
  }

  templateOf(file: SourceFile): number {
    const known = this.#templates.get(file.path);
    if (known !== undefined) return known;
    const id = this.templates.push({ name: this.#content.showFile(file.path), file, lines: 0 }) - 1;
    this.#templates.set(file.path, id);
    return id;
  }

  /** The template of a line, which it counts for. */
  count(file: SourceFile): number {
    const id = this.templateOf(file);
    (this.templates[id] as TemplateCount).lines += 1;
    return id;
  }

  of(origin: Origin): number {
    const { span, stack } = origin;
    const way = stack.map((frame) => `${frame.kind}${frame.name}${frame.span.file.path}${frame.span.start}`);
    const key = [span.file.path, startOf(span).line, ...way].join("\n");
    const sources = this.#content.sourcesOf(origin);
    // Two expressions on a line came by the same way, and are told apart.
    const full = sources.length === 0 ? key : `${key}\n${span.start}`;
    const known = this.#ids.get(full);
    if (known !== undefined) return known;
    const id = this.#entries.push({ origin, sources }) - 1;
    this.#ids.set(full, id);
    return id;
  }

  isPrinted(id: number): boolean {
    return (this.#entries[id]?.sources.length ?? 0) > 0;
  }

  /** What the script needs: compact, since every place stands in it. */
  data() {
    const place = ({ span }: Pick<Origin, "span">) => [this.templateOf(span.file), startOf(span).line] as const;
    const origins = this.#entries.map(({ origin, sources }) => ({
      at: place(origin),
      block: blockOf(origin),
      chain: [...origin.stack].reverse().map((frame) => [frame.kind, frame.name, ...place(frame)]),
      from: sources.map((source) => ({
        note: source.note,
        value: source.value,
        at: source.origin === undefined ? undefined : place(source.origin),
      })),
    }));
    return { origins, templates: this.templates.map(({ name, file }) => ({ name, text: file.text })) };
  }
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] as string);
}

/** In a script element nothing may look like its end. */
function json(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}
