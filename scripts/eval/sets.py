"""Labelled sets for scripts/eval.sh: each is a list of (line for `sonde scan`, is_attack)."""
import random

import agent_runs
import personal_made
import secret_carriers
import secret_near_misses
import secrets_made
import written
from traces import attack_traces, benign_traces
from sources import Sources

MOST = 1500  # rows of one set: enough for 0.1 %, quick enough for every day


class EvalSet:
    def __init__(self, name, kind, rows):
        """`kind`: which finding or score counts (measure.py, KINDS). Rows: (line without id, label)."""
        self.name = name
        self.kind = kind
        self.rows = rows


def sample(rows, seed=7):
    rows = list(rows)
    random.Random(seed).shuffle(rows)
    return rows[:MOST]


def texts(rows, zone, label):
    return [({"text": text, "zone": zone}, label) for text in sample(rows)]


def direct_sets(source):
    codegen = source.teacher("Codegen__codegen-instruct.json")
    yield EvalSet("jailbreaks in the wild", "prompt", texts(source.jailbreaks(), "user", True))
    yield EvalSet("known personas (DAN and kin)", "prompt", texts(source.dan(), "user", True))
    yield EvalSet("system prompt extraction", "prompt", texts(source.prompt_extraction(), "user", True))
    yield EvalSet("ordinary instructions", "prompt",
                  texts([t for t, _ in source.teacher("Toolformer__toolformer-similarity-0.7-dataset.json")],
                        "user", False))
    yield EvalSet("coding requests", "prompt", texts([t for t, _ in codegen], "user", False))
    yield EvalSet("shop customers", "prompt", texts(source.shop_turns()[0], "user", False))
    yield EvalSet("hard: role-play requests", "prompt", texts(source.acting(), "user", False))
    yield EvalSet("hard: chats about harm", "prompt", texts(source.chats(), "user", False))


def document_sets(source):
    plain, enhanced = source.injecagent_cases()
    yield EvalSet("tool results with an order", "document", texts([t for _, t in plain], "tool", True))
    yield EvalSet("the same with a redirecting phrase", "document", texts([t for _, t in enhanced], "tool", True))
    emails = source.bipia_emails()
    orders = [order for group in source.bipia_text_attacks().values() for order in group]
    chooser = random.Random(3)
    mixed = [mail + "\n" + order for mail in emails for order in chooser.sample(orders, min(8, len(orders)))]
    yield EvalSet("mails with an order at the end", "document", texts(mixed, "tool", True))
    yield EvalSet("mails", "document", texts(emails, "tool", False))
    yield EvalSet("tables", "document", texts(source.bipia_tables(), "tool", False))
    yield EvalSet("code and errors", "document", texts(source.bipia_code(), "tool", False))
    yield EvalSet("tool results", "document", texts(source.tool_outputs() + source.shop_turns()[1], "tool", False))


def written_sets(_):
    """Texts that no training saw: what the learned model is to be judged by."""
    for name, kind, zone, label in (("prompt_attacks", "prompt", "user", True),
                                    ("document_attacks", "document", "tool", True),
                                    ("prompt_near", "prompt", "user", False),
                                    ("document_near", "document", "tool", False)):
        for part, order in (("", "written: "), ("_2", "written later: ")):
            found = [text for _, text in written.rows(name + part)]
            title = ("" if label else "hard, ") + order + name.replace("_", " ")
            yield EvalSet(title, kind, texts(found, zone, label))


def other_sets(source):
    literals = source.json_of("secrets-literals", "literals.json")
    for kind, label in (("tp", True), ("fp", False)):
        rows = [row["text"] for row in literals if row["kind"] == kind]
        yield EvalSet(f"secrets ({kind})", "secret", texts(rows, "assistant", label))
    for label in (True, False):
        name = "secrets of unknown providers" if label else "placeholders, hashes, names"
        yield EvalSet(name, "secret", texts(secrets_made.rows(label), "user", label))
    yield EvalSet("secrets in their carriers", "secret",
                  texts([text for _, text in secret_carriers.rows()], "assistant", True))
    yield EvalSet("near misses of secrets", "secret",
                  texts([text for _, text in secret_near_misses.rows()], "assistant", False))
    people = source.json_of("presidio-research", "tests__data__generated_small.json")
    validated = {"CREDIT_CARD", "IBAN_CODE", "US_SSN", "EMAIL_ADDRESS", "PHONE_NUMBER", "US_DRIVER_LICENSE"}
    split = {True: [], False: []}
    for row in people:
        kinds = {span["entity_type"] for span in row["spans"]}
        split[bool(kinds & validated)].append(row["full_text"])
    for label in (True, False):
        name = "personal data" if label else "sentences without validated data"
        yield EvalSet(name, "personal", texts(split[label], "user", label))
        name = "identifiers of thirty countries" if label else "numbers of other things"
        made = personal_made.rows(label, seed=31 if label else 37)
        yield EvalSet(name, "personal", texts([text for _, text in made], "user", label))
    for name, label in (("positive", True), ("negative", False)):
        rows = source.jsonl_of("ascii-smuggling", f"{name}.jsonl")
        yield EvalSet(f"invisible text ({name})", "smuggling", texts([r["text"] for r in rows], "user", label))


def trace_sets(source):
    for name, rows in attack_traces(source):
        yield EvalSet(name, "tainted", sample([(row, True) for row in rows]))
    yield EvalSet("steered calls, four surroundings", "tainted", [(row, True) for row in agent_runs.steered()])
    # Attacks that fail: what stands in the texts is found by other detectors and is no noise.
    for name, rows in (("hard: orders that the model resists", agent_runs.resisted()),
                       ("hard: work delegated to a document", agent_runs.delegated())):
        yield EvalSet(name, "tainted", [(row, False) for row in rows])
    for name, rows in benign_traces(source):
        yield EvalSet(name, "tainted", sample([(row, False) for row in rows]))


def all_sets(folder):
    source = Sources(folder)
    for group in (direct_sets, document_sets, written_sets, trace_sets, other_sets):
        yield from (s for s in group(source) if s.rows)
