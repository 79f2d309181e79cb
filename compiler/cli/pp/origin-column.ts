/**
 * @file `fgc pp --origin`: the text with the place of each line beside it, as comments.
 *
 *     lr: 0.0015                     # project.yaml:29 [optimizer]
 *         <<: *experiment_info       # callbacks/loggers.yaml:21 [callback_list]
 */
import { startOf } from "../../source/span.ts";
import { blockOf } from "../explain-json.ts";
import type { Style } from "../explain-report.ts";
import { type WrittenLine, writersOf } from "./written-lines.ts";

const widest = 80;

export function originColumn(lines: readonly WrittenLine[], { color, showFile }: Style): string {
  const width = Math.min(widest, Math.max(0, ...lines.map(({ text }) => text.length)));
  const annotated = lines.map((line) => {
    const [first, ...others] = writersOf(line);
    if (line.text.trim() === "" || first === undefined) return line.text;
    const block = blockOf(first);
    const places = [first, ...others].map(({ span }) => `${showFile(span.file.path)}:${startOf(span).line}`);
    const comment = `# ${places[0]}${block === undefined ? "" : ` [${block}]`}${places
      .slice(1)
      .map((place) => ` + ${place}`)
      .join("")}`;
    return `${line.text.padEnd(width)}  ${color ? `\u001b[2m${comment}\u001b[0m` : comment}`;
  });
  return annotated.join("\n");
}
