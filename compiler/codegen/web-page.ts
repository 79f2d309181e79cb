/**
 * @file `trainer.html`: one file that trains in a browser's tab, from whatever place it is opened. The page's own text comes from the library
 * (`dist/web/page.html`, `page.css`, `page.js`); what is put in here is the program that trains, which runs in a worker, and its files.
 *
 *     <script id="fgc-page">      what the page knows of its run, as JSON
 *     <script id="fgc-worker">    the trainer, gzip and base64
 *     <script data-file="…">      a file of the bundle, gzip and base64
 */
import { gzipSync } from "node:zlib";

/** One file beside the trainer. */
export interface PageFile {
  /** Relative to the bundle: `assets/train.tokens`. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
  /** Too small to ask for: in the page whatever its limit. */
  readonly always?: boolean;
}

/** What the page reads from its own text. The other side of this is `PageInfo` in `stdlib/web/protocol.ts`. */
export interface PageDescription {
  /** A name for files: `tiny_llama`. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Tells this page's runs from those of other pages of one origin. */
  readonly key: string;
  /** The compiler's version. */
  readonly version: string;
  /** A text to continue. */
  readonly prompt: string;
  /** How the config generates samples. */
  readonly sampling: Readonly<Record<string, unknown>>;
}

export interface PageRequest {
  readonly template: string;
  readonly style: string;
  readonly script: string;
  readonly worker: string;
  readonly page: PageDescription;
  readonly files: readonly PageFile[];
  /** The most bytes of compressed files in the page; what does not fit is picked from disk by whoever opens it. */
  readonly embedLimit: number;
}

export interface ComposedPage {
  readonly text: string;
  /** Files that did not fit. */
  readonly left: readonly PageFile[];
}

export function composeWebPage(request: PageRequest): ComposedPage {
  const packed = request.files.map((file) => ({ file, packed: gzipSync(file.bytes, { level: 9 }) }));
  // The smallest first: a page that has its tokenizer and config asks for the data alone.
  const bySize = [...packed].sort((a, b) => a.packed.length - b.packed.length);
  let room = request.embedLimit;
  const embedded = new Map<PageFile, Uint8Array>();
  for (const { file, packed: bytes } of bySize) {
    if (file.always !== true) {
      if (bytes.length > room) continue;
      room -= bytes.length;
    }
    embedded.set(file, bytes);
  }
  const files = request.files.map((file) => ({
    path: file.path,
    size: file.bytes.length,
    sha256: file.sha256,
    embedded: embedded.has(file),
  }));
  const info = {
    format: "fgc-page/1",
    ...request.page,
    files,
  };
  const scripts = [
    dataScript("application/json", 'id="fgc-page"', JSON.stringify(info).replaceAll("<", "\\u003c")),
    dataScript("text/plain", 'id="fgc-worker"', base64(gzipSync(request.worker, { level: 9 }))),
    ...[...embedded].map(([{ path }, bytes]) =>
      dataScript("text/plain", `data-file="${escapeHtml(path)}"`, base64(bytes)),
    ),
    `<script type="module">\n${request.script.replaceAll(/<\/(script)/gi, "<\\/$1")}</script>`,
  ];
  const parts: Readonly<Record<string, string>> = {
    title: escapeHtml(request.page.title),
    description: escapeHtml(request.page.description),
    style: request.style,
    scripts: scripts.join("\n"),
  };
  const text = request.template.replaceAll(/<!--fgc:(\w+)-->/g, (_, name: string) => parts[name] ?? "");
  return { text, left: request.files.filter((file) => !embedded.has(file)) };
}

const dataScript = (type: string, attributes: string, text: string): string =>
  `<script type="${type}" ${attributes}>${text}</script>`;

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
