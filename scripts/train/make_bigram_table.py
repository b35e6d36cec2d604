#!/usr/bin/env python3
"""Prints agent/detect/bigram_table.inc: how surprising a letter is after another one in English.

Counted in the sentences and words of this folder (grammar/), so that nothing else is needed. Unit:
an eighth of a bit, 26 rows of 26.
"""
import math
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
# By name, so that new sentences for the prompt model leave the table as it is.
FILES = ("attack_agent", "attack_document", "attack_extract", "attack_free", "attack_free2", "attack_misc", "attack_override",
         "attack_role", "benign_documents", "benign_free", "benign_free2", "benign_pasted", "benign_requests", "shared",
         "system_prompts")


def words():
    folder = os.path.join(HERE, "grammar")
    for name in FILES:
        with open(os.path.join(folder, name + ".txt"), encoding="utf-8") as lines:
            for line in lines:
                if not line.startswith(("#", "@")):
                    yield from re.findall(r"[a-z]{2,}", line.lower())


def main():
    counts = [[0.5] * 26 for _ in range(26)]
    for word in sorted(set(words())):  # each word once: names in code are made of rare words too
        for first, second in zip(word, word[1:]):
            counts[ord(first) - 97][ord(second) - 97] += 1
    print("// Made by scripts/train/make_bigram_table.py.")
    for row in counts:
        total = sum(row)
        print("{" + ", ".join(str(min(80, round(-8 * math.log2(n / total)))) for n in row) + "},")


if __name__ == "__main__":
    main()
