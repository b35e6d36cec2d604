#!/usr/bin/python3
"""What the documents tell people to type exists: each `sonde` and `sonde-collector` command of a sh
block is one that the programs know, with the options it is given; each configuration is accepted; each
path of the repository is there.

  docs_test.py BIN_DIRECTORY
"""
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(sys.argv[1])
BLOCK = re.compile(r"^```(\S+)(?: (\S+))?\n(.*?)^```$", re.M | re.S)
PROGRAMS = ("sonde", "sonde-collector")


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60)


def commands_of(text: str):
    """Argument lists that begin with one of the programs, wherever in a line they stand."""
    for line in text.splitlines():
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            words = line.split()
        for index, word in enumerate(words):
            if word in PROGRAMS and (index == 0 or words[index - 1] in ("sudo", "--", "|") or index > 1 and words[index - 2] == "-u"):
                end = next((i for i in range(index, len(words)) if words[i] in ("|", "&&", ">", ";")), len(words))
                yield words[index:end]


def command_problems(words: list[str]) -> list[str]:
    """Walks down the subcommands by what --help lists."""
    program, arguments = words[0], words[1:]
    path, known, flags = [], set(), [w for w in arguments if w.startswith("-") and w != "-"]
    while True:
        help_text = run(str(BIN / program), *path, "--help")
        if help_text.returncode != 0:
            return [f"{program} {' '.join(path)}: {help_text.stderr.strip()}"]
        known |= set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", help_text.stdout))
        listed = re.search(r"^Subcommands:\n(.*?)(?:^\S|\Z)", help_text.stdout, re.M | re.S)
        names = set(re.findall(r"^  (\S+)", listed[1], re.M)) if listed else set()
        step = next((w for w in arguments if w in names), None)
        if not step:
            if "SUBCOMMAND" in help_text.stdout and "[SUBCOMMAND]" not in help_text.stdout:
                return [f"`{' '.join(words)}`: no subcommand of {program} {' '.join(path)} in it"]
            break
        path.append(step)
    return [f"`{' '.join(words)}`: {flag} is no option" for flag in flags if flag.split("=")[0] not in known]


def config_problems(kind: str, text: str) -> list[str]:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        # Files that the text names belong to a host that is not this one.
        file.write(re.sub(r"^ *(cert|key|token_file): .*\n", "", text, flags=re.M) if kind == "agent" else text)
        file.flush()
        pathlib.Path(file.name).chmod(0o600)
        if kind == "collector":
            done = run(str(BIN / "sonde-collector"), "--config", file.name, "config", "check")
        else:
            done = run(str(BIN / "sonde"), "config", "check", file.name)
    needs = r".*'collector.url' needs 'collector.cert' and 'collector.key', or 'collector.token_file'"
    complaint = re.sub(needs, "", done.stderr).strip()
    return [complaint] if done.returncode != 0 and complaint else []


def main() -> int:
    found, commands, configs = [], 0, 0
    for document in sorted((ROOT / "docs").glob("*.md")) + [ROOT / "README.md"]:
        text = document.read_text()
        for language, kind, block in BLOCK.findall(text):
            if language == "sh":
                for words in commands_of(block):
                    commands += 1
                    found += [f"{document.name}: {problem}" for problem in command_problems(words)]
            elif language == "yaml" and kind:
                configs += 1
                found += [f"{document.name}: {problem}" for problem in config_problems(kind, block)]
        for path in re.findall(r"`((?:packaging|scripts|tests|systemd|docs)/[\w./-]+)`", text):
            if not (ROOT / path).exists():
                found.append(f"{document.name}: there is no {path}")
    print("\n".join(f"FAILED: {problem}" for problem in found), file=sys.stderr)
    if commands < 15 or configs < 5:
        print(f"FAILED: only {commands} commands and {configs} configurations found", file=sys.stderr)
        return 1
    print(f"documents: {commands} commands and {configs} configurations are good" if not found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
