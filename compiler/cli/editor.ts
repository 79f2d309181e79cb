/**
 * @file Which editor opens a file, for `-e` and for the shell: VS Code from its own terminal, a vim that already runs as a server, what the
 * user chose, vi.
 */
import type { CliHost } from "./host.ts";

export interface EditorCommand {
  readonly program: string;
  readonly args: readonly string[];
}

export function editorFor(host: CliHost, paths: readonly string[]): EditorCommand {
  const given = (name: string): string | undefined => {
    const value = host.environment(name);
    return value === "" ? undefined : value;
  };
  // The hook is there in remote terminals too, where no window could be opened otherwise.
  if (given("VSCODE_IPC_HOOK_CLI") !== undefined || given("TERM_PROGRAM") === "vscode")
    return { program: "code", args: ["--reuse-window", ...paths] };
  const server = given("VIM_SERVERNAME") ?? given("VIM_SERVER_NAME");
  if (server !== undefined) return { program: "vim", args: ["--servername", server, "--remote-tab", ...paths] };
  const chosen = given("VISUAL") ?? given("EDITOR");
  const [program = "vi", ...args] = (chosen ?? "vi").trim().split(/\s+/);
  // Several files of a vim are tabs.
  const tabs = paths.length > 1 && /(?:^|\/)n?vim?$/.test(program) ? ["-p"] : [];
  return { program, args: [...args, ...tabs, ...paths] };
}

/** Opens the files and waits for the editor; its exit code. */
export function openEditor(host: CliHost, paths: readonly string[]): Promise<number> {
  const { program, args } = editorFor(host, paths);
  return host.run(program, args);
}
