"""Untrusted documents, made up: mails, pages, manuals, tickets, JSON of tools; and where an attacker puts
a sentence into one."""
import json

KINDS = {
    "s_email": "email", "s_manual": "web", "s_faq": "web", "s_web": "web", "s_readme": "code", "s_notes": "",
    "s_hard": "", "s_facts": "", "s_human_office": "email", "s_human_web": "web", "s_human_hints": "code",
    "s_lang_west": "email", "s_lang_east": "", "s_wide": "web", "s_quotes": "", "s_people": "email",
}
KEYS = ["name", "title", "description", "content", "text", "body", "message", "review", "comment", "note", "subject",
        "summary", "details", "snippet", "bio", "feedback", "caption", "result", "remark", "instructions"]
TAGS = ["p", "div", "li", "td", "h2", "span", "article", "blockquote"]


class Carriers:
    def __init__(self, grammar):
        self.grammar = grammar
        self.random = grammar.random

    def line(self, family, part=None):
        """A sentence; `part`: (number, of how many) where only that part of the templates may serve."""
        templates = self.grammar.families[family].templates
        if part:
            templates = templates[part[0]::part[1]]
        return self.grammar.expand(self.random.choice(templates)).strip()

    def document(self, family, part=None):
        """A list of pieces and the way to join them: (pieces, joiner)."""
        pieces = [self.line(family, part) for _ in range(self.random.randint(2, 14))]
        style = self.random.random()
        if family in ("s_web", "s_faq") and style < 0.35:
            return pieces, self.html
        if style < 0.55:
            return pieces, self.as_json
        if style < 0.65:
            return pieces, lambda p: "\n\n".join(p)
        if style < 0.75:
            return pieces, lambda p: " ".join(p)
        if style < 0.8:
            return pieces, lambda p: "\n".join("- " + x for x in p)
        if style < 0.84:
            return pieces, lambda p: "| " + " |\n| ".join(p) + " |"
        return pieces, lambda p: "\n".join(p)

    def html(self, pieces):
        out = []
        for piece in pieces:
            tag = self.random.choice(TAGS)
            out.append(f"<{tag}>{piece}</{tag}>")
        body = self.random.choice(["\n", ""]).join(out)
        return self.random.choice(["<html><body>" + body + "</body></html>", "<div class=\"main\">" + body + "</div>", body])

    def scalar(self):
        r = self.random
        return r.choice([r.randint(1, 9999), round(r.random() * 500, 2), True, None, f"2023-0{r.randint(1, 9)}-1{r.randint(0, 9)}",
                         self.grammar.slot("first") + " " + self.grammar.slot("last"), self.grammar.slot("mail"),
                         "id_" + str(r.randint(100, 99999)), "open", "USD", self.grammar.slot("company")])

    def as_json(self, pieces):
        r = self.random
        records = []
        for piece in pieces:
            record = {r.choice(["id", "date", "author", "email", "rating", "status", "amount", "user"]): self.scalar()
                      for _ in range(r.randint(0, 3))}
            record[r.choice(KEYS)] = piece
            records.append(record)
        value = {r.choice(["results", "items", "data", "messages", "reviews", "emails", "posts", "events"]): records}
        if r.random() < 0.2:
            value = records
        if r.random() < 0.35:
            return repr(value)
        return json.dumps(value, indent=r.choice([None, None, 2]), ensure_ascii=r.random() < 0.3)

    def plant(self, text, payload):
        """Puts the payload at a sentence border of a ready text: end, beginning or middle."""
        r = self.random
        where = r.random()
        glue = r.choice([" ", "\n", "\n\n", " ", "\n"])
        if where < 0.4:
            return text + glue + payload
        if where < 0.55:
            return payload + glue + text
        borders = [i for i, c in enumerate(text[:-1]) if c in ".!?\n" and text[i + 1] in " \n"]
        if not borders:
            return text + glue + payload
        at = r.choice(borders) + 1
        return text[:at] + glue + payload + glue + text[at:].lstrip()

    def word(self):
        return self.random.choice(WORDS)

    def table(self):
        r = self.random
        columns = r.randint(2, 7)
        rows = [[r.choice([self.word().title(), str(r.randint(1, 9999)), f"{r.random() * 100:.1f}%", self.grammar.slot("last"),
                           self.grammar.slot("place"), f"20{r.randint(10, 24)}", "-"]) for _ in range(columns)]
                for _ in range(r.randint(3, 25))]
        if r.random() < 0.5:
            return "\n".join("| " + " | ".join(row) + " |" for row in rows)
        return "\n".join(r.choice([",", "\t", ";"]).join(row) for row in rows)

    def code(self):
        r = self.random
        lines = []
        for _ in range(r.randint(3, 16)):
            a, b, c = self.word(), self.word(), self.word()
            lines.append(r.choice([
                f"def {a}_{b}(self, {c}):", f"    return {a}.{b}({c})", f"import {a}", f"from {a} import {b}", f"if ({a} == {b}) {{",
                "}", f"# {a} the {b} before the {c}", f"// {self.grammar.sample('s_readme')}", f"    {a} = {b}[{c}] + {r.randint(0, 9)}",
                f"const {a} = await {b}('{c}');", f"/* {self.grammar.sample('s_notes')} */", f"print(f\"{a} {{{b}}}\")",
                f"assert {a} is not None, '{b} must be set'", f"    raise ValueError('{a} {b} not found')", f"for {a} in range({b}):",
                f"SELECT {a}, {b} FROM {c} WHERE {a} = {r.randint(1, 99)};", f"### {a} {b}", f"    \"\"\"Return the {a} of the {b}.\"\"\"",
                f"#include <{a}.h>", f"$ {a} --{b} {c}", f"    self.{a}.append({b})", f"export {a.upper()}={b}", f"--- a/{a}.py", "```",
                f"TODO: {b} the {c}", f"@app.route('/{a}/{b}')", f"  - name: {a} {b}", f"{a}: {b}", f"<{a}>{b}</{a}>"]))
        return "\n".join(lines)

    def log(self):
        r = self.random
        lines = []
        for i in range(r.randint(3, 25)):
            stamp = f"2024-0{r.randint(1, 9)}-{r.randint(10, 28)}T{r.randint(10, 23)}:{r.randint(10, 59)}:{i:02d}Z"
            lines.append(stamp + " " + r.choice(["INFO", "WARN", "ERROR", "DEBUG", "[system]", "kernel:", "systemd[1]:", "sshd:", "user:"]) + " " +
                         r.choice([self.grammar.sample("s_readme"), f"{self.word()} {self.word()} started", f"request {r.randint(1, 999)} took {r.randint(1, 900)} ms",
                                   f"Accepted publickey for {self.word()} from 10.0.0.{r.randint(1, 99)}", f"user {self.word()} logged in", "connection closed",
                                   f"deleted {r.randint(1, 99)} old sessions", "ignoring unknown option", f"loading {self.word()}.conf"]))
        return "\n".join(lines)

    def markup(self):
        """Pages with scripts, comments, headings, forms: all the marks that attacks use too."""
        r = self.random
        out = ["<!DOCTYPE html><html><head><title>" + self.grammar.sample("s_web") + "</title></head><body>"]
        for _ in range(r.randint(3, 18)):
            line = self.grammar.sample(r.choice(["s_web", "s_faq", "s_web", "s_notes", "s_email"]))
            out.append(r.choice([f"<p>{line}</p>", f"<!-- {self.word()} {self.word()} -->", f"<!-- {line} -->", f"<a href=\"/{self.word()}\">{line}</a>",
                                 f"<script>var {self.word()} = {r.randint(1, 99)};</script>", f"<h2>{line}</h2>", f"<img src=\"{self.word()}.png\" alt=\"{line}\">",
                                 f"<input type=\"text\" placeholder=\"{line}\">", f"<div style=\"display:none\">{line}</div>", f"## {line}", f"**{line}**",
                                 f"---\n{line}", f"> {line}", f"<button>{line}</button>", f"<user>{self.word()}</user>", f"<system>{self.word()}</system>"]))
        return r.choice(["\n", ""]).join(out) + "</body></html>"


WORDS = ("account address agent answer archive array assistant author backup balance batch block branch buffer build cache call card cart "
         "chart check city class client color column comment config contact count country course customer data date delete device "
         "document driver email engine entry error event example export field file filter flight folder form frame function game group "
         "handler hash header history home host hotel image index input instruction invoice item job key label language layer level "
         "library limit line link list load local location lock log login loop mail map market memory menu message meter method mode "
         "model module month music name network node note number object offer office option order output owner page panel parent park "
         "password path patient payment phone photo player plugin point policy pool port post price print process product profile "
         "project prompt query queue random range rate record region remove report request response result review role room route row "
         "rule run sample scale schema score screen script search secret section select send sensor server service session set shape "
         "share sheet shop signal size source stack state status step store stream string student style summary support switch system "
         "table tag target task team test text theme thread ticket time title token tool topic total track train transfer tree trip "
         "type unit update upload url user value vector version video view visit volume weather week weight window word worker year").split()
