"""Keys that leak: never issued, but with the checksum that real ones carry."""
import random
import zlib

kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def github_token(seed):
    """A token in GitHub's form: 30 characters and their CRC-32 in base 62."""
    body = "".join(random.Random(seed).choices(kDigits, k=30))
    value, checksum = zlib.crc32(body.encode()), ""
    while value or len(checksum) < 6:
        value, digit = divmod(value, 62)
        checksum = kDigits[digit] + checksum
    return f"ghp_{body}{checksum}"
