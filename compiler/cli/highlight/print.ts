/** @file Styled text for terminals and pages. */
import type { Highlighter } from "./highlighter.ts";
import { ansiCodes, pageColors, type Style } from "./styles.ts";

export function highlightAnsi(highlighter: Highlighter, text: string): string {
  const lines: string[] = [];
  for (const line of highlighter.lines(text))
    lines.push(
      line
        .map(({ text: part, style }) => {
          const code = style === undefined ? undefined : ansiCodes[style];
          return code === undefined || part.trim() === "" ? part : `\u001b[${code}m${part}\u001b[0m`;
        })
        .join(""),
    );
  return lines.join("\n");
}

/** A whole page, in the reader's light or dark theme; its `<pre>` can be taken out for another page. */
export function highlightHtml(highlighter: Highlighter, text: string, title: string): string {
  const lines: string[] = [];
  for (const line of highlighter.lines(text.replace(/\n$/, "")))
    lines.push(
      line
        .map(({ text: part, style }) =>
          style === undefined || pageColors[style] === undefined
            ? escapeText(part)
            : `<span class="${style}">${escapeText(part)}</span>`,
        )
        .join(""),
    );
  const rules = Object.entries(pageColors).map(
    ([style, [light, dark]]) => `    .fgc .${style as Style} { color: light-dark(${light}, ${dark}) }`,
  );
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>${escapeText(title)}</title>
  <style>
    :root { color-scheme: light dark }
    body { margin: 2rem; background: light-dark(#ffffff, #0d1117); color: light-dark(#1f2328, #e6edf3) }
    .fgc { font: 14px/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; tab-size: 4; overflow-x: auto }
${rules.join("\n")}
  </style>
</head>
<body>
<pre class="fgc"><code>${lines.join("\n")}
</code></pre>
</body>
</html>
`;
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
