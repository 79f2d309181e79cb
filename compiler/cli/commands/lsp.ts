/** @file `fgc lsp`: the language server, for editors, over standard input and output. */
import { Writable } from "node:stream";
import { defineCommand, toggle } from "../command.ts";

export const lspCommand = defineCommand({
  name: "lsp",
  group: "Projects and templates",
  summary: "serve editors: faults as you type, definitions, completion, renaming",
  example: "fgc lsp --stdio",
  positionals: "none",
  options: {
    stdio: toggle("--stdio", "over standard input and output, as always: editors pass it"),
  },
  async run(host) {
    const { createConnection } = await import("vscode-languageserver/node");
    const { LanguageServer } = await import("../../lsp/server.ts");
    const output = new Writable({
      decodeStrings: false,
      write: (chunk: Buffer | string, _encoding, done) => {
        host.stdout.write(typeof chunk === "string" ? chunk : chunk.toString("utf8"));
        done();
      },
    });
    const connection = createConnection(host.stdin.stream, output);
    await new LanguageServer(connection, host).listen();
    return { text: "", json: null };
  },
});
