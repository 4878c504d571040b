/**
 * What a shell needs to complete `sluice` and the `kafka-*.sh` scripts: all names and options, written down in the shell's
 * own language, so that nothing has to be started while someone types.
 */
import { UsageError } from '../command/command.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

export interface CompletedCommand {
  readonly name: string
  readonly description: string
  /** The script that does the same. */
  readonly script: string | undefined
  readonly options: readonly { readonly flag: string; readonly description: string }[]
}

/** Throws UsageError for another shell. */
export function completionScript(shell: string, commands: readonly CompletedCommand[]): string {
  switch (shell as Shell) {
    case 'bash':
      return bashScript(commands)
    case 'zsh':
      // Zsh reads bash's way of saying it.
      return `autoload -U +X bashcompinit && bashcompinit\n${bashScript(commands)}`
    case 'fish':
      return fishScript(commands)
    default:
      throw new UsageError(`${shell} is none of ${SHELLS.join(', ')}`)
  }
}

function bashScript(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ name, options }) => `    ${name}) echo "${flagsOf(options)}" ;;`)
  const scripts = commands.flatMap(({ script }) => (script === undefined ? [] : [script]))
  return `_sluice_options() {
  case $1 in
${cases.join('\n')}
  esac
}
_sluice() {
  local word=\${COMP_WORDS[COMP_CWORD]} command=\${COMP_WORDS[1]}
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')}" -- "$word"))
  elif [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$(_sluice_options "$command")" -- "$word"))
  fi
}
_sluice_script() {
  local word=\${COMP_WORDS[COMP_CWORD]} command=\${1##*/}
  command=\${command#kafka-}
  COMPREPLY=()
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$(_sluice_options "\${command%.sh}")" -- "$word"))
  fi
}
complete -o default -F _sluice sluice
complete -o default -F _sluice_script ${scripts.join(' ')}
`
}

function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, description, script, options }) => [
    `complete -c sluice -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
    ...options.flatMap(({ flag, description: text }) => {
      const rest = `-l ${flag.replace(/^--/, '')} -d ${quoted(text)}`
      const ofSluice = `complete -c sluice -n '__fish_seen_subcommand_from ${name}' ${rest}`
      return script === undefined ? [ofSluice] : [ofSluice, `complete -c ${script} ${rest}`]
    }),
  ])
  return `${lines.join('\n')}\n`
}

function flagsOf(options: CompletedCommand['options']): string {
  return options.map(({ flag }) => flag).join(' ')
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
