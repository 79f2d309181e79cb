/** @file Rules on whole templates and on the text of configs: one name for two templates, one key given twice. */
import { relative } from "node:path";
import { templateFiles } from "../../driver/template-index.ts";
import { lintDiagnostics as found } from "../diagnostics.ts";
import type { LintRule } from "../rule.ts";

export const shadowedTemplate: LintRule = {
  name: "shadowed-template",
  *find({ host, project, templates }) {
    const folders = project.searchPath.map((folder) => ({
      folder,
      names: new Set(templateFiles(host, [folder]).map(({ name }) => name)),
    }));
    const ownerOf = (name: string) => folders.filter(({ names }) => names.has(name)).map(({ folder }) => folder);
    for (const { entry, tree } of templates) {
      const owners = ownerOf(entry.name);
      const isPart = entry.container !== undefined;
      const hidden = isPart ? owners[0] : owners[1];
      if (hidden === undefined) continue;
      const marker = isPart ? tree.file.text.lastIndexOf(entry.name, tree.start) : tree.start;
      const lineEnd = tree.file.text.indexOf("\n", marker);
      const end = isPart ? marker + entry.name.length : lineEnd < 0 ? tree.end : lineEnd;
      const span = { file: tree.file, start: marker, end };
      yield found.shadowedTemplate({ span }, { name: entry.name, other: folderName(project.dir, hidden) });
    }
  },
};

/** As the project's author knows it. */
function folderName(projectDir: string, folder: string): string {
  const near = relative(projectDir, folder);
  return near.startsWith("..") ? folder : `${near}/`;
}

export const repeatedKey: LintRule = {
  name: "repeated-key",
  *find({ configs }) {
    for (const { diagnostics } of configs)
      for (const { code, span, labels, chain, message } of diagnostics) {
        if (code !== "graph/duplicate-key") continue;
        yield found.repeatedKey({ span, labels, chain }, { message });
      }
  },
};
