/**
 * @file Scripts that teach a shell to complete `fgc`: each asks `fgc __complete -- WORDS` and turns the answer into the shell's own terms.
 *
 * The answer is a line for each candidate, `VALUE<tab>WHAT IT IS`; a line `:files` or `:folders` asks the shell for paths of its own.
 */

/** Bash splits words at `=` and `:`; we split at blanks, and give back what stands behind the last of those. */
const bash = `# fgc's completion for bash.  eval "$(fgc completion bash)"
_fgc() {
  local line="\${COMP_LINE:0:\${COMP_POINT}}" words current prefix value
  read -r -a words <<< "$line"
  [[ "$line" == *[[:space:]] ]] && words+=("")
  current="\${words[\${#words[@]}-1]}"
  prefix=""
  if [[ "$COMP_WORDBREAKS" == *=* && "$current" == *=* ]]; then prefix="\${current%=*}="; fi
  COMPREPLY=()
  while IFS=$'\\t' read -r value _; do
    case "$value" in
      "") ;;
      :files) mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "\${current#"$prefix"}"); compopt -o filenames 2> /dev/null ;;
      :folders) mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "\${current#"$prefix"}"); compopt -o filenames 2> /dev/null ;;
      *) COMPREPLY+=("\${value#"$prefix"}") ;;
    esac
  done < <(fgc __complete -- "\${words[@]:1}" 2> /dev/null)
  if [[ \${#COMPREPLY[@]} -eq 1 && "\${COMPREPLY[0]}" == *[.=/] ]]; then compopt -o nospace 2> /dev/null; fi
}
complete -F _fgc fgc
`;

const zsh = `#compdef fgc
# fgc's completion for zsh.  eval "$(fgc completion zsh)", or a file _fgc in a folder of $fpath.
_fgc() {
  local line value about
  local -a plain open
  while IFS=$'\\t' read -r value about; do
    case "$value" in
      "") ;;
      :files) _files ;;
      :folders) _files -/ ;;
      *[.=]) open+=("\${value//:/\\\\:}\${about:+:$about}") ;;
      *) plain+=("\${value//:/\\\\:}\${about:+:$about}") ;;
    esac
  done < <(fgc __complete -- "\${(@)words[2,CURRENT]}" 2> /dev/null)
  (( \${#plain} )) && _describe -t values fgc plain
  (( \${#open} )) && _describe -t paths fgc open -S ''
}
if [ "$funcstack[1]" = "_fgc" ]; then _fgc "$@"; else compdef _fgc fgc; fi
`;

const fish = `# fgc's completion for fish.  fgc completion fish | source
function __fgc_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (fgc __complete -- $words[2..-1] 2> /dev/null)
        switch $line
            case ':files'
                __fish_complete_path (commandline -ct)
            case ':folders'
                __fish_complete_directories (commandline -ct)
            case '*'
                echo $line
        end
    end
end
complete -c fgc -f -a '(__fgc_complete)'
`;

const powershell = `# fgc's completion for PowerShell.  fgc completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName fgc -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $line = $commandAst.ToString().Substring(0, [Math]::Min($cursorPosition - $commandAst.Extent.StartOffset, $commandAst.ToString().Length))
    $words = @($line -split '\\s+' | Select-Object -Skip 1)
    if ($wordToComplete -eq '' -and ($words.Count -eq 0 -or $words[-1] -ne '')) { $words += '' }
    fgc __complete -- @words 2> $null | ForEach-Object {
        $value, $about = $_ -split "\`t", 2
        if ($value -eq ':files' -or $value -eq ':folders') {
            [System.Management.Automation.CompletionCompleters]::CompleteFilename($wordToComplete)
        } elseif ($value) {
            if (-not $about) { $about = $value }
            [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $about)
        }
    }
}
`;

export const completionScripts = { bash, zsh, fish, powershell } as const;
export type Shell = keyof typeof completionScripts;
export const shells = Object.keys(completionScripts) as readonly Shell[];
