/** Shell completion, made from the command tree itself so that it can not be out of date. */
import type { Command } from "commander";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

interface Entry {
  /** Words before, joined by spaces; empty at the top. */
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly description: string }[];
}

export function completionScript(shell: Shell, program: Command): string {
  const entries = [...entriesOf(program, [])];
  switch (shell) {
    case "bash":
      return bashScript(entries);
    case "zsh":
      // zsh runs bash completions through its own compatibility layer.
      return `#compdef herdctl\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(entries)}`;
    case "fish":
      return fishScript(entries);
  }
}

function* entriesOf(command: Command, path: readonly string[]): Generator<Entry> {
  const subcommands = command.commands.map((each) => ({
    word: each.name(),
    description: each.description(),
  }));
  const options = command.options
    .filter((option) => option.long !== undefined)
    .map((option) => ({ word: option.long ?? "", description: option.description }));
  yield { path: path.join(" "), words: [...subcommands, ...options] };
  for (const each of command.commands) yield* entriesOf(each, [...path, each.name()]);
}

function bashScript(entries: readonly Entry[]): string {
  const shared = wordsOf(entries[0]?.words.filter(({ word }) => word.startsWith("-")) ?? []);
  const cases = entries.map(({ path, words }) => `    "${path}") words="${wordsOf(words)}" ;;`);
  return `_herdctl() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases.join("\n")}
    *) words="" ;;
  esac
  COMPREPLY=($(compgen -W "$words ${shared}" -- "$current"))
}
complete -F _herdctl herdctl
`;
}

function wordsOf(words: Entry["words"]): string {
  return words.map(({ word }) => word).join(" ");
}

function fishScript(entries: readonly Entry[]): string {
  const lines = ["complete -c herdctl -f"];
  for (const { path, words } of entries) {
    const parts = path === "" ? [] : path.split(" ");
    const siblings = words.filter(({ word }) => !word.startsWith("-")).map(({ word }) => word);
    const seen = parts.map((part) => `__fish_seen_subcommand_from ${part}`);
    const unseen =
      siblings.length === 0 ? [] : [`not __fish_seen_subcommand_from ${siblings.join(" ")}`];
    const condition = [...seen, ...unseen].join("; and ");
    for (const { word, description } of words) {
      const what = word.startsWith("--") ? `-l ${word.slice(2)}` : `-a ${word}`;
      const when = condition === "" ? "" : ` -n '${condition}'`;
      lines.push(`complete -c herdctl${when} ${what} -d '${description.replaceAll("'", "")}'`);
    }
  }
  return `${lines.join("\n")}\n`;
}
