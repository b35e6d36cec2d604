#!/usr/bin/env python3
"""Holds every #include between modules to the layer table of docs/ARCHITECTURE.md.

A module may include itself and what the table lists for it; nothing outside a table may be
included across the two programs except agent/base, agent/egress and agent/config.
"""
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1]).resolve()

# module: what it may include. Kept in the order of the layers.
AGENT_ORDER = ["base", "egress", "config", "capture", "attach", "http", "conn", "llm", "detect", "alert", "sink", "app"]
SIBLINGS = {"capture": {"attach", "http"}, "attach": {"capture", "http"}, "http": {"capture", "attach"}}
COLLECTOR_ORDER = ["store", "incident", "export", "portal", "api", "app"]

INCLUDE = re.compile(r'^\s*#\s*include\s+"(agent|collector|bpf|tests)/([^/"]+)')


def allowed(program: str, module: str) -> set[tuple[str, str]]:
    if program == "agent":
        below = AGENT_ORDER[: AGENT_ORDER.index(module) + 1]
        return {("agent", name) for name in below} - {("agent", s) for s in SIBLINGS.get(module, ())}
    below = COLLECTOR_ORDER[: COLLECTOR_ORDER.index(module) + 1]
    return {("collector", name) for name in below} | {("agent", "base"), ("agent", "egress"), ("agent", "config")}


def violations(program: str, order: list[str]):
    for module in order:
        for path in sorted((ROOT / program / module).rglob("*")):
            if path.suffix not in (".h", ".cc"):
                continue
            for number, line in enumerate(path.read_text().splitlines(), 1):
                found = INCLUDE.match(line)
                if found and (found[1], found[2]) not in allowed(program, module):
                    yield f"{path.relative_to(ROOT)}:{number}: {program}/{module} may not include {found[1]}/{found[2]}"


def named_files():
    """What the CMake files name: sources, and test programs by the names of their tests."""
    lists = [path for top in ("agent", "collector", "tests", "cmake") for path in (ROOT / top).rglob("*")
             if path.name == "CMakeLists.txt" or path.suffix == ".cmake"]
    for path in lists:
        text = path.read_text().replace("${CMAKE_SOURCE_DIR}", str(ROOT)).replace("${CMAKE_CURRENT_SOURCE_DIR}", str(path.parent))
        for word in re.split(r'[\s()"]+', text):
            for name in (word, f"{word}_test.py"):
                yield pathlib.Path(os.path.normpath(path.parent / name))


def orphans():
    """Sources that nobody builds and tests that nobody runs."""
    named = set(named_files())
    for top in ("agent", "collector", "tests"):
        for path in sorted((ROOT / top).rglob("*")):
            if (path.suffix == ".cc" or path.name.endswith("_test.py")) and path not in named:
                yield f"{path.relative_to(ROOT)}: no CMakeLists.txt names it, so nobody builds or runs it"


def main() -> int:
    found = [*violations("agent", AGENT_ORDER), *violations("collector", COLLECTOR_ORDER)]
    unknown = [p.name for program, order in (("agent", AGENT_ORDER), ("collector", COLLECTOR_ORDER))
               for p in (ROOT / program).iterdir() if p.is_dir() and p.name not in order]
    found += orphans()
    found += [f"module '{name}' stands in no layer" for name in unknown]
    print("\n".join(found) or "layers: every include points one way, every source is built")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
