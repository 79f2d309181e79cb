/** @file What the compiler has put into the page: what it is, the trainer, its files. */
import { unpack } from "../base64.ts";
import type { EmbeddedFile, PageInfo } from "../protocol.ts";

export function readInfo(): PageInfo {
  const info = JSON.parse(textOf("fgc-page")) as PageInfo;
  if (info.format !== "fgc-page/1") throw new Error(`this page's data is of the format ${info.format}`);
  return info;
}

export function embeddedFiles(): EmbeddedFile[] {
  return Array.from(document.querySelectorAll<HTMLScriptElement>("script[data-file]"), (script) => ({
    path: script.dataset["file"] ?? "",
    packed: script.textContent ?? "",
  }));
}

/** Starts the trainer, which is a script. */
export async function startWorker(): Promise<Worker> {
  const source = await unpack(textOf("fgc-worker"));
  return new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })), { name: "trainer" });
}

function textOf(id: string): string {
  const text = document.getElementById(id)?.textContent;
  if (text === null || text === undefined) throw new Error(`this page is not whole: it has no ${id}`);
  return text;
}
