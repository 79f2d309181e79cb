/** @file The real server in a process of its own, spoken to as an editor speaks. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import {
  createProtocolConnection,
  type PublishDiagnosticsParams,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import { uriOfPath } from "../../compiler/lsp/documents.ts";
import { templates, workspace } from "./bench.ts";

const repository = join(import.meta.dirname, "../..");
const isBuilt = existsSync(join(repository, "dist/fgc.cjs"));
if (!isBuilt) console.warn("dist/ is not built: the language server is not tried as a process");

let server: ChildProcess | undefined;

afterEach(() => {
  server?.kill();
});

function connect() {
  server = spawn(process.execPath, [join(repository, "bin/fgc.mjs"), "lsp", "--stdio"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const { stdout, stdin } = server;
  if (stdout === null || stdin === null) throw new Error("no pipes");
  const connection = createProtocolConnection(new StreamMessageReader(stdout), new StreamMessageWriter(stdin));
  connection.listen();
  return connection;
}

describe.skipIf(!isBuilt)("fgc lsp", () => {
  it("checks what is typed, completes, and leaves when told to", async () => {
    const connection = connect();
    const published: PublishDiagnosticsParams[] = [];
    let tell: () => void = () => {};
    connection.onNotification("textDocument/publishDiagnostics", (params: PublishDiagnosticsParams) => {
      published.push(params);
      tell();
    });
    const next = (isIt: (params: PublishDiagnosticsParams) => boolean): Promise<PublishDiagnosticsParams> =>
      new Promise((resolve) => {
        tell = () => {
          const found = published.find(isIt);
          if (found !== undefined) resolve(found);
        };
        tell();
      });
    const { capabilities } = (await connection.sendRequest("initialize", {
      processId: process.pid,
      rootUri: uriOfPath(workspace),
      workspaceFolders: [{ uri: uriOfPath(workspace), name: "workspace" }],
      capabilities: {},
    })) as { capabilities: Record<string, unknown> };
    expect(capabilities).toMatchObject({
      hoverProvider: true,
      definitionProvider: true,
      documentFormattingProvider: true,
    });
    await connection.sendNotification("initialized", {});

    const uri = uriOfPath(join(templates, "configs/soup.yaml"));
    const text = "-- extends 'kitchen.yaml'\n\n[side]\na: !partial:fgc/optim:AdamW\n    lrr: 1\n";
    await connection.sendNotification("textDocument/didOpen", {
      textDocument: { uri, languageId: "fgc-yaml", version: 1, text },
    });
    const first = await next((params) => params.uri === uri && params.diagnostics.length > 0);
    expect(first.diagnostics.map(({ code }) => code)).toEqual(["types/unknown-argument"]);

    await connection.sendNotification("textDocument/didChange", {
      textDocument: { uri, version: 2 },
      contentChanges: [{ range: { start: { line: 4, character: 4 }, end: { line: 4, character: 7 } }, text: "lr" }],
    });
    published.length = 0;
    const second = await next((params) => params.uri === uri);
    expect(second.diagnostics).toEqual([]);

    const items = (await connection.sendRequest("textDocument/completion", {
      textDocument: { uri },
      position: { line: 3, character: 13 },
    })) as readonly { label: string }[];
    expect(items.map(({ label }) => label)).toContain("fgc/nn:RMSNorm");
    const hover = await connection.sendRequest("textDocument/hover", {
      textDocument: { uri },
      position: { line: 4, character: 5 },
    });
    expect(JSON.stringify(hover)).toContain("Learning rate.");
    expect(JSON.stringify(hover)).toContain("`a.lr` is `1` in soup.yaml");

    await connection.sendNotification("textDocument/didChange", {
      textDocument: { uri, version: 3 },
      contentChanges: [{ text: "--   extends   'kitchen.yaml'\n\n\n\n\n[side]\na: 1\n" }],
    });
    const [edit] = (await connection.sendRequest("textDocument/formatting", {
      textDocument: { uri },
      options: { tabSize: 4, insertSpaces: true },
    })) as readonly { newText: string }[];
    expect(edit?.newText).toContain("-- extends 'kitchen.yaml'\n");

    const renamed = connection.sendRequest("textDocument/rename", {
      textDocument: { uri },
      position: { line: 6, character: 0 },
      newName: "b",
    });
    await expect(renamed).rejects.toThrow("only blocks can be renamed");

    await connection.sendRequest("shutdown");
    const exit = new Promise((resolve) => server?.once("exit", resolve));
    await connection.sendNotification("exit");
    expect(await exit).toBe(0);
  });
});
