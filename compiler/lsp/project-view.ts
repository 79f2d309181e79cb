/**
 * @file The projects behind open documents: their templates parsed, who extends and includes whom, and which config is nearest to a template.
 *
 * A view is made from the files as they are, open documents first, and thrown away at the next change: making one parses what changed and
 * nothing else.
 */
import { dirname, relative } from "node:path";
import { type Diagnostic, DiagnosticError } from "../diagnostics/diagnostic.ts";
import { buildGraph, loadProject, type Project, preprocess } from "../driver/compile.ts";
import type { Host } from "../driver/host.ts";
import { projectsBelow } from "../driver/projects-below.ts";
import { factsOf } from "../driver/template-facts.ts";
import { ancestorsOf, type TemplateEntry, templateFiles } from "../driver/template-index.ts";
import type { GraphValue } from "../graph/node.ts";
import type { SourceFile, Span } from "../source/span.ts";
import { TreeCache } from "../template/index.ts";
import { specWrittenAt } from "./graph-places.ts";

/** Trees are kept by content: of all templates only those that changed are parsed again. */
const trees = new TreeCache();

/** The templates of a file, as far as they can be read: while somebody types, a template is mostly not whole. */
function readEntries(name: string, file: SourceFile): readonly TemplateEntry[] {
  return trees.parts(name, file, { preserveLineNumbers: true }).map((part, index): TemplateEntry => {
    const tree = part.readable;
    const facts = factsOf(tree);
    const parent = facts.references.find(({ kind }) => kind === "extends");
    const written = parent?.isDynamic === true ? `{{ ${parent.target} }}` : parent?.target;
    return {
      name: part.name,
      path: file.path,
      container: index === 0 ? undefined : name,
      parent: written,
      facts,
      tree,
    };
  });
}

/** Rendering is dearer than reading names: of large projects only so many configs are tried. */
const configsTried = 24;

export class ProjectView {
  readonly project: Project;
  readonly entries: readonly TemplateEntry[];
  readonly byName: ReadonlyMap<string, TemplateEntry>;
  readonly #host: Host;
  readonly #faults: readonly Diagnostic[];
  readonly #graphs = new Map<string, GraphValue | undefined>();
  readonly #reaching = new Map<string, readonly string[]>();

  constructor(host: Host, project: Project) {
    this.#host = host;
    this.project = project;
    this.entries = templateFiles(host, project.searchPath).flatMap(({ name, path }) =>
      readEntries(name, { path, text: host.files.readText(path) ?? "" }),
    );
    this.#faults = this.entries.flatMap(({ tree }) => tree?.damage?.diagnostics ?? []);
    // The first wins, as the search path has it.
    this.byName = new Map([...this.entries].reverse().map((entry) => [entry.name, entry]));
  }

  /** What keeps templates of a file from being parsed. */
  faultsOf(path: string): readonly Diagnostic[] {
    return this.#faults.filter(({ span }) => span?.file.path === path);
  }

  /** The templates of one file, in order. */
  entriesOf(path: string): readonly TemplateEntry[] {
    return this.entries.filter((entry) => entry.path === path);
  }

  /** The template that the text at `offset` belongs to. */
  entryAt(path: string, offset: number): TemplateEntry | undefined {
    const own = this.entriesOf(path);
    return own.findLast(({ tree }) => tree !== undefined && tree.start <= offset) ?? own[0];
  }

  ancestors(entry: TemplateEntry): readonly TemplateEntry[] {
    return ancestorsOf(entry, this.byName);
  }

  /** All that extend `entry`, directly or not. */
  descendants(entry: TemplateEntry): readonly TemplateEntry[] {
    return this.entries.filter((other) => other !== entry && this.ancestors(other).includes(entry));
  }

  /** Every template that can be reached from the same root: those that share its blocks. */
  family(entry: TemplateEntry): readonly TemplateEntry[] {
    const root = this.ancestors(entry).at(-1) ?? entry;
    return [root, ...this.descendants(root)];
  }

  /** Config name and the template that it is. */
  get configs(): readonly { readonly config: string; readonly entry: TemplateEntry }[] {
    const { configPrefix } = this.project;
    const prefix = configPrefix === "" ? "" : `${configPrefix}/`;
    return this.entries.flatMap((entry) =>
      entry.container === undefined && entry.name.startsWith(prefix) && entry.name.endsWith(".yaml")
        ? [{ config: entry.name.slice(prefix.length), entry }]
        : [],
    );
  }

  /**
   * The configs whose text a file can change, nearest first: the file's own, then by the number of steps. Where no template names the file,
   * those that come to it when they are rendered: `-- include ns.trainer_class`.
   */
  configsReaching(path: string): readonly string[] {
    const known = this.#reaching.get(path);
    if (known !== undefined) return known;
    const steps = this.configs.flatMap(({ config, entry }) => {
      const distance = this.#distance(entry, path);
      return distance === undefined ? [] : [{ config, distance }];
    });
    const found =
      steps.length > 0
        ? steps.sort((a, b) => a.distance - b.distance || (a.config < b.config ? -1 : 1)).map(({ config }) => config)
        : this.configs
            .slice(0, configsTried)
            .flatMap(({ config }) => (this.#inputs(config).includes(path) ? [config] : []));
    this.#reaching.set(path, found);
    return found;
  }

  #inputs(config: string): readonly string[] {
    try {
      return preprocess(this.#host, { project: this.project, config }).inputs;
    } catch (error) {
      if (error instanceof DiagnosticError) return [];
      throw error;
    }
  }

  /** The config that shows best what a file is for. */
  nearestConfig(path: string): string | undefined {
    return this.configsReaching(path)[0];
  }

  /** A config's graph; absent where there is none to be had. */
  graphOf(config: string): GraphValue | undefined {
    if (!this.#graphs.has(config)) this.#graphs.set(config, this.#build(config));
    return this.#graphs.get(config);
  }

  #build(config: string): GraphValue | undefined {
    try {
      return buildGraph(this.#host, { project: this.project, config }).graph;
    } catch (error) {
      if (error instanceof DiagnosticError) return undefined;
      throw error;
    }
  }

  /** What a tag's spec comes to in the config that is nearest to its file. */
  specAt(tag: Span): string | undefined {
    const config = this.nearestConfig(tag.file.path);
    const graph = config === undefined ? undefined : this.graphOf(config);
    return graph === undefined ? undefined : specWrittenAt(graph, tag);
  }

  /** The templates that make one text with a file's: those of the nearest config that reaches it. */
  renderedWith(path: string): readonly TemplateEntry[] {
    const nearest = this.nearestConfig(path);
    const entry = this.configs.find(({ config }) => config === nearest)?.entry;
    return entry === undefined ? [] : [...this.#levels(entry)].flat();
  }

  #distance(from: TemplateEntry, path: string): number | undefined {
    let distance = 0;
    for (const level of this.#levels(from)) {
      if (level.some((entry) => entry.path === path)) return distance;
      distance += 1;
    }
    return undefined;
  }

  /** What a template names, what that names, and so on; each template once. */
  *#levels(from: TemplateEntry): Generator<readonly TemplateEntry[]> {
    const seen = new Set<TemplateEntry>([from]);
    for (let level: readonly TemplateEntry[] = [from]; level.length > 0; ) {
      yield level;
      level = level.flatMap((entry) =>
        (entry.facts?.references ?? []).flatMap(({ target, isDynamic }) => {
          const next = isDynamic ? undefined : this.byName.get(target);
          if (next === undefined || seen.has(next)) return [];
          seen.add(next);
          return [next];
        }),
      );
    }
  }
}

export class ProjectViews {
  readonly #host: Host;
  readonly #folders: readonly string[];
  #views = new Map<string, ProjectView | undefined>();
  #broken = new Map<string, readonly Diagnostic[]>();
  /** Shared templates and the project that each was first seen through: looked for once, not at every change. */
  readonly #homes = new Map<string, string>();
  #projects: readonly string[] | undefined;

  /** @param folders the editor's workspace folders: where projects are looked for that use a shared template */
  constructor(host: Host, folders: readonly string[]) {
    this.#host = host;
    this.#folders = folders;
  }

  /** Something changed: what was read is read again. */
  forget(): void {
    this.#views = new Map();
    this.#broken = new Map();
    this.#projects = undefined;
  }

  /** The project that a file belongs to: the one above it, or of those in the workspace one that uses it, the nearest first. */
  of(path: string): ProjectView | undefined {
    const own = this.#above(path);
    if (own !== undefined) return own;
    const home = this.#homes.get(path);
    const known = home === undefined ? undefined : this.#view(home);
    if (known !== undefined) return known;
    let searching: ProjectView | undefined;
    for (const dir of this.#nearestFirst(path)) {
      const view = this.#view(dir);
      if (view === undefined) continue;
      const { searchPath, meta } = view.project;
      const isSearched = searchPath.some((folder) => path.startsWith(`${folder}/`));
      if (meta.inputs.includes(path) || (isSearched && view.configsReaching(path).length > 0)) {
        this.#homes.set(path, dir);
        return view;
      }
      if (isSearched) searching ??= view;
    }
    if (searching !== undefined) this.#homes.set(path, searching.project.dir);
    return searching;
  }

  /** What keeps the project above a file from being read. */
  faultsOf(path: string): readonly Diagnostic[] {
    const folder = this.#folderOf(path);
    if (folder === undefined || this.#view(folder) !== undefined) return [];
    return this.#broken.get(folder) ?? [];
  }

  #above(path: string): ProjectView | undefined {
    const folder = this.#folderOf(path);
    return folder === undefined ? undefined : this.#view(folder);
  }

  #folderOf(path: string): string | undefined {
    for (let folder = dirname(path); dirname(folder) !== folder; folder = dirname(folder))
      if (this.#host.files.readText(`${folder}/meta.yaml`) !== undefined) return folder;
    return undefined;
  }

  #nearestFirst(path: string): readonly string[] {
    this.#projects ??= this.#folders.flatMap((folder) => projectsBelow(this.#host.files, folder));
    const steps = (dir: string) => relative(dir, path).split("/").length;
    return [...this.#projects].sort((a, b) => steps(a) - steps(b));
  }

  #view(dir: string): ProjectView | undefined {
    if (!this.#views.has(dir)) this.#views.set(dir, this.#load(dir));
    return this.#views.get(dir);
  }

  #load(dir: string): ProjectView | undefined {
    try {
      return new ProjectView(this.#host, loadProject(this.#host, dir));
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      this.#broken.set(dir, error.diagnostics);
      return undefined;
    }
  }
}
