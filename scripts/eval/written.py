"""Attacks and near misses written one by one for the evaluation, by group; never trained on.

scripts/eval/written/*.txt: lines before the first group are comments, `@ name` opens a group, every
other line is a text in which `\\n` is a newline.
"""
import os

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "written")


def rows(name):
    """The (group, text) pairs of one file."""
    group = ""
    found = []
    with open(os.path.join(FOLDER, name + ".txt"), encoding="utf-8") as lines:
        for line in lines:
            line = line.rstrip("\n")
            if line.startswith("@ "):
                group = line[2:]
            elif group and line:
                found.append((group, line.replace("\\n", "\n")))
    return found
