"""The eighth round of training text: families written after the seven before, with random numbers of their
own, so that a change here leaves what the other rounds wrote as it was."""
from noise import announce, encode, style, tidy

SEED = 8
# Fold of each family of attacks, and how many texts of it for prompts and for documents.
FAMILIES = {
    "late_switch": (0, 1600, 1200), "late_leak": (1, 1500, 0), "late_other_self": (2, 1300, 0),
    "late_story": (3, 1300, 0), "late_press": (2, 1500, 0), "late_config": (1, 1500, 0), "late_tongues": (3, 3500, 1200),
    "late_call": (2, 0, 4500), "late_grade": (1, 0, 2500), "late_tool": (0, 0, 3500), "late_call_tongues": (3, 0, 2500),
    "late_response": (0, 0, 3000), "late_asides": (2, 0, 3000), "late_turnover": (3, 1300, 0), "late_steps": (1, 1300, 0),
    "late_schema": (1, 0, 2500), "late_judges": (3, 0, 2000), "late_selves": (0, 1300, 0),
}
ENCODED = 110
FOLDS = 4


def prompt_attacks(generator, family, fold, count):
    r, add = generator.random, generator.writer.add
    subtype = generator.grammar.families[family].options.get("c")
    for _ in range(count):
        payload = style(tidy(generator.grammar.sample(family)), r)
        add(generator.surround(payload), 1, "p", family, fold, payload=payload, c=subtype)
    for _ in range(ENCODED if count else 0):
        kind, body = encode(tidy(generator.grammar.sample(family)), r)
        add(announce(kind, body, r), 1, "p", "encoded", fold, c="encoding")


def document_attacks(generator, pools, family, fold, count):
    r, add = generator.random, generator.writer.add
    subtype = generator.grammar.families[family].options.get("c")
    for _ in range(count):
        payload = style(tidy(generator.grammar.sample(family)), r)
        if r.random() < 0.12:
            text, carrier_fold, kind = payload, -1, ""
        elif r.random() < 0.25:  # beside what people ask of people
            carrier_fold, kind = r.randrange(FOLDS), ""
            pieces, join = generator.carriers.document("s_near", (carrier_fold, FOLDS))
            pieces = pieces[-r.choice([3, 6, 14]):]
            pieces.insert(r.randint(0, len(pieces)), payload)
            text = join(pieces)
        else:
            text, carrier_fold, kind = generator.carrier_for(pools, payload)
        add(text, 1, "d", family, fold, carrier_fold, payload=payload, c=subtype, k=kind if r.random() < 0.5 else "")


def benign(generator):
    r, add = generator.random, generator.writer.add
    # (Ten templates say too little to set thresholds by: other_.)
    for name, count in (("hard_late", 8000), ("hard_late_tongues", 1500), ("other_late_asides", 2000), ("hard_parts", 5000)):
        templates = generator.grammar.families[name].templates
        for _ in range(count):
            index = r.randrange(len(templates))
            text = tidy(generator.grammar.expand(templates[index]))
            if name == "hard_late" and r.random() < 0.2:
                text = generator.surround(text)
            add(style(text, r), 0, "p", name, index % FOLDS)
    for name, sentences, documents in (("s_near", 6000, 2500), ("s_near_tongues", 1200, 400), ("s_late_tongues", 3000, 1500)):
        for _ in range(sentences):
            fold = r.randrange(FOLDS)
            text = tidy(generator.carriers.line(name, (fold, FOLDS)))
            add(style(text, r), 0, "d", name.replace("s_", "other_"), fold)
        for _ in range(documents):
            fold = r.randrange(FOLDS)
            pieces, join = generator.carriers.document(name, (fold, FOLDS))
            add(tidy(join(pieces)), 0, "d", name.replace("s_", "other_"), fold)


def write(generator):
    """Adds the round to what the generator has written; its texts of others' answers must be read already."""
    generator.random.seed(SEED)
    pools = generator.pools()
    for family, (fold, prompts, documents) in FAMILIES.items():
        prompt_attacks(generator, family, fold, prompts)
        document_attacks(generator, pools, family, fold, documents)
    benign(generator)
