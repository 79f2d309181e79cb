/**
 * @file `fgc diff`: two configs compared as node graphs; or one with other arguments, or a build with what its config would give now.
 *
 *     fgc diff a.yaml b.yaml
 *     fgc diff a.yaml --with max_steps=10 --with optimizer.lr=1e-3
 *     fgc diff output_models/NAME
 */
import { resolve } from "node:path";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import type { ConfigRequest } from "../../driver/compile.ts";
import { fixedClock } from "../../driver/environment.ts";
import type { FixedClock } from "../../driver/host.ts";
import { looksLikeOverride } from "../../driver/overrides.ts";
import type { Side, Snapshot } from "../../driver/provenance/compare.ts";
import { defineCommand, texts, toggle } from "../command.ts";
import { cliDiagnostics as faults } from "../diagnostics.ts";
import { diffJson, diffText } from "../diff-report.ts";
import { ExitCode } from "../exit-code.ts";
import { placeNames } from "../explain-report.ts";
import type { CliHost } from "../host.ts";
import { usesColor } from "../output.ts";
import { Session } from "../session.ts";

export const diffCommand = defineCommand({
  name: "diff",
  group: "Where values come from",
  summary: "compare two configs, or a build with its config, value by value",
  example: "fgc diff tiny.yaml --with max_steps=10 --with optimizer.lr=1e-3",
  positionals: "names",
  arguments: [
    {
      usage: "[configs|folders|overrides...]",
      description: "two configs, or folders of builds or runs; one folder: its config as it is now",
    },
  ],
  hasConfigFlags: true,
  options: {
    with: texts("--with <name=value>", "an argument of the second side alone: a variable or a path (repeatable)"),
    linked: toggle("--linked", "with the parts that other projects contribute"),
    exitCode: toggle("--exit-code", "exit with 1 if there are differences"),
  },
  async run(host, { options, names, session }) {
    const { diffGraphs } = await import("../../driver/graph-diff.ts");
    const { portableNames, snapshotSide } = await import("../../driver/provenance/compare.ts");
    const given = names.filter((name) => !looksLikeOverride(name));
    const { configTemplate } = session.globals;
    const words = configTemplate !== undefined && given.length < 2 ? [configTemplate, ...given] : given;
    if (words.length > 2) throw new DiagnosticError(faults.tooManySides({}, { count: words.length }));
    const common: Common = {
      host,
      session,
      overrides: names.filter(looksLikeOverride),
      clock: fixedClock(host, session.globals.frozenTime) ?? standingClock(host),
      linked: options.linked,
    };
    const sides = words.map((word): Snapshot | string => {
      const folder = resolve(host.cwd(), word);
      const { yamlFloats } = sessionFor(common, undefined, folder).project;
      return (host.files.isDirectory(folder) ? snapshotSide(host, folder, yamlFloats) : undefined) ?? word;
    });
    // What a build has kept is older than what `-t` names.
    const [first, second] = typeof sides[1] === "object" && given.length < 2 ? [...sides].reverse() : sides;
    if (second === undefined && options.with.length === 0 && (first === undefined || typeof first === "string"))
      throw new DiagnosticError(faults.oneSide({}, {}));
    const before = await openSide(common, first, []);
    const other = second ?? (typeof first === "object" ? { repeated: first } : first);
    const after = await openSide(common, other, options.with);
    const snapshot = [first, second].find((side) => typeof side === "object");
    const now = [before, after].find(({ request }) => request !== undefined);
    const normalize =
      snapshot === undefined || now?.request === undefined
        ? undefined
        : portableNames(host, now.request.project, snapshot, now.side.graph);
    const changes = diffGraphs(before.side.graph, after.side.graph, normalize === undefined ? {} : { normalize });
    const told = { before, after, changes };
    if (changes.length === 0 && !session.globals.quiet) host.stderr.write("no differences\n");
    const project = now?.request?.project ?? session.project;
    const style = { color: usesColor(host, session.globals.color, host.stdout), ...placeNames(host, project) };
    return {
      text: diffText(told, style),
      json: diffJson(told),
      inputs: [...before.side.inputs, ...after.side.inputs],
      extension: "diff",
      exitCode: options.exitCode && changes.length > 0 ? ExitCode.InvalidInput : ExitCode.Ok,
    };
  },
});

/** What both sides are read with. */
interface Common {
  readonly host: CliHost;
  readonly session: Session;
  readonly overrides: readonly string[];
  /** One moment for both, so that the time is no difference. */
  readonly clock: FixedClock;
  readonly linked: boolean;
}

interface OpenSide {
  readonly name: string;
  readonly side: Side;
  /** Absent for what a build has kept. */
  readonly request: ConfigRequest | undefined;
}

function standingClock(host: CliHost): FixedClock {
  const epochMs = host.now();
  return { epochMs, utcOffsetMinutes: host.utcOffsetMinutes(epochMs) };
}

/** @param folder of a build: its project is the one around it */
function sessionFor({ host, session, overrides }: Common, config: string | undefined, folder?: string): Session {
  const { globals } = session;
  const projectDir =
    globals.projectDir ?? (folder !== undefined && host.files.isDirectory(folder) ? folder : undefined);
  const configTemplate = config ?? globals.configTemplate;
  return new Session(host, { ...globals, configTemplate, projectDir }, overrides);
}

/** @param what a config, the folder of a build, or the config of a build as it is now; absent: the default config */
async function openSide(
  common: Common,
  what: Snapshot | string | { readonly repeated: Snapshot } | undefined,
  extra: readonly string[],
): Promise<OpenSide> {
  const { configSide } = await import("../../driver/provenance/compare.ts");
  const { readArguments } = await import("../with-arguments.ts");
  const { host, session, linked } = common;
  if (typeof what === "object" && "folder" in what)
    return { name: showFolder(host, what.folder), side: what, request: undefined };
  const repeated = typeof what === "object" ? what.repeated : undefined;
  const own = sessionFor(common, repeated?.config ?? (what as string | undefined), repeated?.folder);
  const request: ConfigRequest = {
    ...own.request,
    variables: { ...repeated?.variables, ...session.variables },
    overrides: [...(repeated?.overrides ?? []), ...common.overrides],
    clock: repeated === undefined ? common.clock : (repeated.clock ?? common.clock),
  };
  const { variables, overrides } = readArguments(host, request, extra);
  const full: ConfigRequest = {
    ...request,
    variables: { ...request.variables, ...variables },
    overrides: [...(request.overrides ?? []), ...overrides],
  };
  const side = configSide(host, full, { linked, variableNames: (name) => argumentName(session, extra, name) });
  const config = full.config ?? full.project.defaultConfig ?? "";
  const note = repeated === undefined ? extra.map((word) => ` --with ${word}`).join("") : " now";
  return { name: `${config}${note}`, side, request: full };
}

function argumentName({ globals }: Session, extra: readonly string[], name: string): string {
  const isNamed = (word: string): boolean => word.startsWith(`${name}=`);
  if (extra.some(isNamed)) return `--with ${name}`;
  return globals.set.some(isNamed) ? `--set ${name}` : `--${name.replaceAll("_", "-")}`;
}

function showFolder(host: CliHost, folder: string): string {
  const cwd = `${host.cwd()}/`;
  return folder.startsWith(cwd) ? folder.slice(cwd.length) : folder;
}
