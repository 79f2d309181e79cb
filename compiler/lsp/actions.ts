/** @file Quick fixes: where a fault says which name was meant, the name can be put there. */
import type { CodeAction, Diagnostic as EditorDiagnostic } from "vscode-languageserver";
import type { SourceFile, Span } from "../source/span.ts";
import { offsetOf, rangeOf, uriOfPath } from "./documents.ts";

const meant = /did you mean '([^']+)'\?/;

export function actionsFor(file: SourceFile, faults: readonly EditorDiagnostic[]): readonly CodeAction[] {
  return faults.flatMap((fault) => {
    const name = fault.source === "fgc" ? meant.exec(textOf(fault))?.[1] : undefined;
    const place = name === undefined ? undefined : misspelt(file, fault);
    if (name === undefined || place === undefined) return [];
    return [
      {
        title: `Replace with '${name}'`,
        kind: "quickfix",
        diagnostics: [fault],
        isPreferred: true,
        edit: { changes: { [uriOfPath(file.path)]: [{ range: rangeOf(place), newText: name }] } },
      },
    ];
  });
}

function textOf({ message }: EditorDiagnostic): string {
  return typeof message === "string" ? message : message.value;
}

/** The name that the message quotes, as it stands in the fault's range. */
function misspelt(file: SourceFile, fault: EditorDiagnostic): Span | undefined {
  const { range } = fault;
  const start = offsetOf(file, range.start);
  const text = file.text.slice(start, offsetOf(file, range.end));
  const [first = ""] = textOf(fault).split("\n");
  const quoted = [...first.matchAll(/'([^']+)'/g)].map((match) => match[1] as string);
  const old = quoted.find((word) => text.includes(word));
  if (old === undefined) return undefined;
  const at = start + text.indexOf(old);
  return { file, start: at, end: at + old.length };
}
