"""Ways of writing: typing errors, cases, punctuation, encodings, look-alike letters."""
import base64
import codecs
import re

HOMOGLYPHS = str.maketrans("aeopcxyi", "аеорсхуі")
LEET = str.maketrans("aeiost", "431057")
FULLWIDTH = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)})
MORSE = dict(zip("abcdefghijklmnopqrstuvwxyz0123456789", (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.. "
    "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----.").split()))


def tidy(text):
    text = re.sub(r" {2,}", " ", text)
    return re.sub(r" ([,.;!?])(?=\s|$)", r"\1", text).strip()


def typo(text, random):
    letters = list(text)
    for _ in range(max(1, len(letters) // 45)):
        i = random.randrange(len(letters)) if letters else 0
        if i + 1 < len(letters) and letters[i].isalpha() and letters[i + 1].isalpha():
            action = random.random()
            if action < 0.4:
                letters[i], letters[i + 1] = letters[i + 1], letters[i]
            elif action < 0.7:
                del letters[i]
            else:
                letters.insert(i, letters[i])
    return "".join(letters)


def style(text, random):
    """Casual variation that changes nothing of the meaning; applied to attacks and benign alike."""
    roll = random.random()
    if roll < 0.10:
        text = text.lower()
    elif roll < 0.13:
        text = text.upper()
    elif roll < 0.16:
        text = text.title()
    elif roll < 0.24:
        text = text[:1].upper() + text[1:]
    elif roll < 0.30:
        text = text.rstrip(".!?") + random.choice(["", "!", "!!", "...", " :)", " pls", " thx", "?", " lol", " asap"])
    elif roll < 0.34:
        text = re.sub(r"[,.;:!']", "", text)
    if random.random() < 0.10:
        text = typo(text, random)
    if random.random() < 0.03:
        text = random.choice(['"', "'", "**", "> ", "- ", "# ", "* "]) + text
    return text


def encode(text, random):
    """One of the encodings the decoders know, with or without a word about it."""
    kind = random.choice(["base64", "base64", "hex", "hexs", "rot13", "rot13", "reverse", "spaced", "spaced2", "leet", "leet",
                          "homoglyph", "fullwidth", "alternating", "zwsp", "percent", "binary", "morse", "dots", "caesar",
                          "tags", "decimal", "unicode", "accents"])
    if kind == "base64":
        body = base64.b64encode(text.encode()).decode()
    elif kind == "hex":
        body = text.encode().hex()
    elif kind == "hexs":
        body = text.encode().hex(" ")
    elif kind == "rot13":
        body = codecs.encode(text, "rot13")
    elif kind == "reverse":
        body = text[::-1]
    elif kind == "spaced":
        body = "   ".join(" ".join(word) for word in text.split())
    elif kind == "spaced2":
        body = " ".join(text.replace(" ", ""))
    elif kind == "leet":
        body = text.lower().translate(LEET)
    elif kind == "homoglyph":
        body = "".join(c.translate(HOMOGLYPHS) if random.random() < 0.6 else c for c in text)
    elif kind == "fullwidth":
        body = text.translate(FULLWIDTH)
    elif kind == "alternating":
        body = "".join(c.upper() if i % 2 else c.lower() for i, c in enumerate(text))
    elif kind == "zwsp":
        body = "".join(c + random.choice(["", "\u200b", "\u00ad", "\u200d"]) for c in text)
    elif kind == "percent":
        body = "".join(f"%{b:02x}" for b in text.encode())
    elif kind == "binary":
        body = " ".join(f"{b:08b}" for b in text.encode())
    elif kind == "morse":
        body = " / ".join(" ".join(MORSE[c] for c in word.lower() if c in MORSE) for word in text.split())
    elif kind == "dots":
        body = " ".join(random.choice(".-_").join(word) for word in text.split())
    elif kind == "caesar":
        shift = random.randint(1, 25)
        body = "".join(chr((ord(c) - 97 + shift) % 26 + 97) if "a" <= c <= "z" else c for c in text.lower())
    elif kind == "tags":
        body = "".join(chr(0xE0000 + ord(c)) for c in text if 32 <= ord(c) < 127)
    elif kind == "decimal":
        body = " ".join(str(ord(c)) for c in text if ord(c) < 256)
    elif kind == "unicode":
        body = "".join(f"\\u{ord(c):04x}" for c in text)
    else:
        body = "".join(c + random.choice(["", "\u0301", "\u0323"]) if c.isalpha() else c for c in text)
    return kind, body


def announce(kind, body, random):
    """How people hand over an encoded text."""
    before = random.choice(["", "", "", "Decode this: ", "Translate: ", "What does this say? ", "decode and answer: ", "Here: ",
                            f"This is {kind}: ", "Read it: ", "Convert to plain text:\n", "My message is "])
    after = random.choice(["", "", "", " (decode it)", "\nThanks", f" <- {kind}"])
    return before + body + after
