"""A small template grammar: the data files of this folder turned into sentences.

File format: `$slot = a | b`; `@family name key=value ...` opens a family; every other line is a template.
In a template `{slot}` expands a slot, `[a|b|]` chooses in place (nesting allowed), `\\n` is a newline,
`\\|` a bar, and square brackets that hold no bar stand for themselves.
"""
import os
import random

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "grammar")


class Family:
    """Templates that belong together: one style, one fate (label, head, subtype, fold)."""

    def __init__(self, name, options):
        self.name = name
        self.options = options
        self.templates = []


def split_bars(text):
    """Splits at the bars of the outermost level."""
    parts, depth, start, i = [], 0, 0, 0
    while i < len(text):
        char = text[i]
        if char == "\\":
            i += 2
            continue
        if char == "[":
            depth += 1
        elif char == "]":
            depth -= 1
        elif char == "|" and depth == 0:
            parts.append(text[start:i])
            start = i + 1
        i += 1
    parts.append(text[start:])
    return parts


def closing(text, start):
    depth = 0
    i = start
    while i < len(text):
        if text[i] == "\\":
            i += 2
            continue
        if text[i] == "[":
            depth += 1
        elif text[i] == "]":
            depth -= 1
            if depth == 0:
                return i
        i += 1
    return -1


class Grammar:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.slots = {}
        self.families = {}
        for name in sorted(os.listdir(HERE), key=lambda n: (n != "shared.txt", n)):
            self.load(os.path.join(HERE, name))
        self.slots["place2"] = self.slots["place"]

    def load(self, path):
        family = None
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                line = line.rstrip("\n")
                if not line or line.startswith("# "):
                    continue
                if line.startswith("$"):
                    name, _, body = line[1:].partition(" = ")
                    self.slots[name] = [p.strip() for p in split_bars(body)]
                elif line.startswith("@family "):
                    words = line.split()
                    options = dict(w.split("=", 1) for w in words[1:] if "=" in w)
                    name = options.pop("name", words[1])
                    family = self.families[name] = Family(name, options)
                else:
                    family.templates.append(line)

    def expand(self, text, depth=0):
        out, i = [], 0
        while i < len(text):
            char = text[i]
            if char == "\\" and i + 1 < len(text):
                out.append({"n": "\n", "|": "|"}.get(text[i + 1], "\\" + text[i + 1]))
                i += 2
            elif char == "{" and text.find("}", i) > 0 and text[i + 1:text.find("}", i)] in self.slots:
                end = text.find("}", i)
                out.append(self.expand(self.random.choice(self.slots[text[i + 1:end]]), depth + 1))
                i = end + 1
            elif char == "[":
                end = closing(text, i)
                inner = text[i + 1:end] if end > 0 else ""
                parts = split_bars(inner)
                if end < 0 or len(parts) < 2:
                    out.append("[" + (self.expand(inner, depth + 1) + "]" if end > 0 else ""))
                    i = end + 1 if end > 0 else i + 1
                else:
                    out.append(self.expand(self.random.choice(parts), depth + 1))
                    i = end + 1
            else:
                out.append(char)
                i += 1
        return "".join(out)

    def sample(self, family_name):
        return self.expand(self.random.choice(self.families[family_name].templates)).strip()

    def slot(self, name):
        return self.expand("{" + name + "}").strip()
