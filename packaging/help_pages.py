#!/usr/bin/env python3
"""Man pages and shell completions, made from what the programs themselves print for --help.

  help_pages.py man  PROGRAM SECTIONS > PROGRAM.1
  help_pages.py bash PROGRAM          > completions/PROGRAM
  help_pages.py zsh  PROGRAM          > _PROGRAM

PROGRAM is a path. SECTIONS holds what --help does not say: parts of a page, each under a line
"# TITLE", plain text with paragraphs; indented lines are shown as they are. SOURCE_DATE_EPOCH sets
the date of the page.
"""
import datetime
import os
import pathlib
import re
import subprocess
import sys
from dataclasses import dataclass, field

DEPTH = 4  # of subcommands


@dataclass
class Item:
    """An option, positional or subcommand: its left column and its explanation."""
    left: str
    text: str

    def flags(self) -> list[str]:
        return re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", self.left)

    def takes_value(self) -> bool:
        return bool(re.search(r"\s[A-Z{]", self.left))


@dataclass
class Command:
    words: list[str]
    about: str = ""
    footer: str = ""
    usage: str = ""
    groups: dict[str, list[Item]] = field(default_factory=dict)
    children: list["Command"] = field(default_factory=list)

    def options(self) -> list[Item]:
        return self.groups.get("Options", [])


def help_of(program: str, words: list[str]) -> str:
    done = subprocess.run([program, *words[1:], "--help"], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)} --help failed: {done.stderr}")
    return done.stdout


def parse(words: list[str], text: str) -> Command:
    """Reads the layout of CLI11: about, "Usage: ...", groups of two columns, footer."""
    command = Command(words)
    about, footer, group, item = [], [], None, None
    for line in text.splitlines():
        heading = re.fullmatch(r"([A-Z][A-Za-z ]*):\s*", line)
        row = re.match(r"  (\S.*?)(?:\s{2,}(\S.*))?$", line)
        if line.startswith("Usage:"):
            command.usage = line.removeprefix("Usage:").strip()
        elif heading:
            group, item = heading[1], None
            command.groups[group] = []
        elif group and line.startswith(" " * 20) and item:
            item.text = f"{item.text} {line.strip()}".strip()
        elif group and row and not line.startswith("   "):
            item = Item(row[1].strip(), (row[2] or "").strip())
            command.groups[group].append(item)
        elif not command.usage:
            about.append(line)
        elif line.strip():
            group = None
            footer.append(line)
    command.about = "\n".join(about).strip()
    command.footer = "\n".join(footer).strip()
    return command


def read_command(program: str, words: list[str]) -> Command:
    command = parse(words, help_of(program, words))
    if len(words) < DEPTH:
        for item in command.groups.get("Subcommands", []):
            command.children.append(read_command(program, [*words, item.left.split()[0]]))
    return command


# --- man ---------------------------------------------------------------------------------------

def troff(text: str) -> str:
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def man_items(items: list[Item]) -> str:
    return "".join(f".TP\n.B {troff(item.left)}\n{troff(item.text) or 'No explanation.'}\n" for item in items)


def man_command(command: Command) -> str:
    out = f".SS {troff(' '.join(command.words[1:]))}\n{troff(command.about)}\n.PP\n"
    arguments = command.usage.removeprefix(" ".join(command.words)).strip()
    out += f".B {troff(' '.join(command.words))}\n{troff(arguments)}\n"
    for title in ("Positionals", "Options"):
        items = [item for item in command.groups.get(title, []) if "--help" not in item.flags()]
        out += man_items(items)
    return out + "".join(man_command(child) for child in command.children)


def man_sections(text: str) -> str:
    out, literal = "", False
    for line in text.splitlines():
        indented = line.startswith("  ")
        if indented != literal and line.strip():
            out += ".PP\n.nf\n.RS\n" if indented else ".RE\n.fi\n.PP\n"
            literal = indented
        if line.startswith("# "):
            out += f".SH {troff(line[2:])}\n"
        elif not line.strip():
            out += "\n" if literal else ".PP\n"
        else:
            out += troff(line.strip() if not indented else line[2:]) + "\n"
    out += ".RE\n.fi\n" if literal else ""
    # A paragraph that a heading or another paragraph follows is none.
    return re.sub(r"(\.PP\n)+(?=\.SH|\.PP)|(?<=\n)(\.SH [^\n]*\n)(\.PP\n)+", r"\2", out)


def man_page(root: Command, version: str, sections: str) -> str:
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH", "0")) or int(datetime.datetime.now().timestamp())
    date = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%d")
    name = root.words[0]
    first, _, rest = root.about.partition("\n")
    out = f'.TH {name.upper()} 1 "{date}" "{name} {version}" "User Commands"\n'
    out += f".SH NAME\n{troff(name)} \\- {troff(first.rstrip('.'))}\n"
    out += f".SH SYNOPSIS\n.B {troff(name)}\n{troff(root.usage.removeprefix(name).strip())}\n"
    if rest.strip():
        out += f".SH DESCRIPTION\n{troff(rest.strip())}\n"
    out += f".SH OPTIONS\n{man_items(root.options())}"
    out += ".SH COMMANDS\n" + "".join(man_command(child) for child in root.children)
    return out + man_sections(sections)


# --- completions -------------------------------------------------------------------------------

def walk(command: Command):
    yield command
    for child in command.children:
        yield from walk(child)


def bash_page(root: Command) -> str:
    name = root.words[0]
    function = "_" + re.sub(r"\W", "_", name)
    cases = ""
    for command in walk(root):
        words = [child.words[-1] for child in command.children]
        words += [flag for item in command.options() for flag in item.flags()]
        cases += f"    '{' '.join(command.words[1:])}') words='{' '.join(words)}' ;;\n"
    return f"""# bash completion for {name}
{function}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} path='' words='' word
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case " $({function}_commands "$path") " in
      *" $word "*) path="${{path:+$path }}$word" ;;
    esac
  done
  case $path in
{cases}  esac
  COMPREPLY=()
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$words" -- "$current")
  if [ ${{#COMPREPLY[@]}} -eq 0 ]; then
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current")
  fi
}}
{function}_commands() {{
  case $1 in
{"".join(f"    '{' '.join(c.words[1:])}') echo '{' '.join(k.words[-1] for k in c.children)}' ;;" + chr(10) for c in walk(root) if c.children)}  esac
}}
complete -o filenames -F {function} {name}
"""


def zsh_text(text: str) -> str:
    return re.sub(r"([\[\]:\\])", r"\\\1", text).replace("'", "'\\''")


def zsh_function(command: Command) -> str:
    name = "_" + re.sub(r"\W", "_", "_".join(command.words))
    specs = []
    for item in command.options():
        value = ": :_files" if item.takes_value() else ""
        specs += [f"'{flag}[{zsh_text(item.text)}]{value}'" for flag in item.flags()]
    if not command.children:
        return f"{name}() {{\n  _arguments {' '.join([*specs, chr(39) + '*: :_files' + chr(39)])}\n}}\n\n"
    entries = " ".join(f"'{c.words[-1]}:{zsh_text(c.about.splitlines()[0] if c.about else '')}'" for c in command.children)
    calls = "".join(
        f"      {c.words[-1]}) _{re.sub(chr(92) + 'W', '_', '_'.join(c.words))} ;;\n" for c in command.children)
    return (f"{name}() {{\n  local -a commands=({entries})\n"
            f"  _arguments -C {' '.join(specs)} '1: :->command' '*:: :->rest'\n"
            f"  case $state in\n    command) _describe command commands ;;\n"
            f"    rest) case $words[1] in\n{calls}    esac ;;\n  esac\n}}\n\n")


def zsh_page(root: Command) -> str:
    name = root.words[0]
    functions = "".join(zsh_function(command) for command in walk(root))
    return f'#compdef {name}\n\n{functions}_{re.sub(chr(92) + "W", "_", name)} "$@"\n'


def main() -> int:
    if len(sys.argv) < 3 or sys.argv[1] not in ("man", "bash", "zsh"):
        print(__doc__, file=sys.stderr)
        return 2
    kind, program = sys.argv[1:3]
    root = read_command(program, [pathlib.Path(program).name])
    if kind == "man":
        version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
        print(man_page(root, version, pathlib.Path(sys.argv[3]).read_text()), end="")
    else:
        print({"bash": bash_page, "zsh": zsh_page}[kind](root), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
