"""Code and settings with secrets of providers that no rule knows, and with what only looks like one."""
import base64
import random
import string
import uuid

PRODUCTS = ["billing", "harborlight", "quillstack", "orbitmail", "payfern", "lumen", "inventory", "geoserve", "vaultix", "nimbusdb"]
SECRET_NAMES = ["api_key", "apiKey", "API_TOKEN", "secret", "client_secret", "auth_token", "accessToken", "SIGNING_KEY",
                "private_token", "webhook_secret", "encryption_key", "service_credential"]
PASSWORD_NAMES = ["password", "db_password", "DB_PASS", "smtp_password", "passwd", "admin_pwd", "redis_password"]
SHAPES = ['{n} = "{v}"', "{n}: {v}", "export {N}={v}", '"{n}": "{v}",', "const {n} = '{v}';", '{n} := "{v}"', "{n}={v}",
          '<property name="{n}">{v}</property>', '  {n}: "{v}"', 'os.environ["{N}"] = "{v}"', "{n} => '{v}',", "-e {N}={v} \\",
          'String {n} = "{v}";', '  {n} = "{v}" # prod', 'config.set("{n}", "{v}")', "SET {n} '{v}';"]
FILLER = ["import os", "host: db.internal", "port = 5432", "timeout: 30", "debug = false", "retries: 3", "# settings",
          'region = "eu-west-1"', "log_level: info", "return client.get(url)", 'name = "worker"', "replicas: 2"]
ALNUM = string.ascii_letters + string.digits


def draw(chooser, alphabet, low, high):
    return "".join(chooser.choice(alphabet) for _ in range(chooser.randint(low, high)))


def token(chooser):
    return chooser.choice([
        lambda: draw(chooser, ALNUM, 20, 64), lambda: draw(chooser, "0123456789abcdef", 32, 64),
        lambda: draw(chooser, string.ascii_lowercase + string.digits, 24, 48),
        lambda: base64.b64encode(chooser.randbytes(chooser.randint(18, 48))).decode(),
        lambda: chooser.choice(["qs", "pf", "live", "orb"]) + "_" + draw(chooser, ALNUM, 24, 40)])()


def password(chooser):
    return draw(chooser, ALNUM, 10, 12) + chooser.choice("!#%+") + draw(chooser, ALNUM, 2, 8)


def harmless(chooser):
    """(name, value): placeholders, references, hashes, identifiers."""
    name = chooser.choice(SECRET_NAMES + PASSWORD_NAMES)
    words = "_".join(chooser.sample(PRODUCTS + ["default", "provider", "handler", "session", "token"], 3))
    value = chooser.choice([
        "your-" + name.replace("_", "-").lower() + "-here", "<" + name + ">", "${" + name.upper() + "}", "xxxxxxxxxxxxxxxxxxxxxxxx",
        "changeme", "REPLACE_ME_WITH_" + name.upper(), "{{ secrets." + name + " }}", words, words + "." + words,
        "process.env." + name.upper(), "get_" + name + "(config)", "********************", "example-" + words, "TODO",
        "vault:secret/data/" + words + "#" + name, "/run/secrets/" + name, "insert-" + words + "-value", "$" + name.upper(),
        "os.getenv('" + name.upper() + "')", "test", "null", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:" + words])
    if chooser.random() < 0.35:
        name, value = chooser.choice([
            ("commit", draw(chooser, "0123456789abcdef", 40, 40)), ("sha256", draw(chooser, "0123456789abcdef", 64, 64)),
            ("integrity", "sha512-" + base64.b64encode(chooser.randbytes(64)).decode()), ("request_id", str(uuid.UUID(int=chooser.getrandbits(128)))),
            ("etag", draw(chooser, "0123456789abcdef", 32, 32)), ("cache_key", words + ":v2:items"), ("key", words),
            ("public_key", base64.b64encode(chooser.randbytes(32)).decode()), ("token_count", str(chooser.randint(1000, 99999999))),
            ("keyboard_layout", "us-international-2024"), ("primary_key", "customer_order_id2"), ("password_hash_algorithm", "pbkdf2_sha256"),
            ("token_url", "https://auth.service.test/oauth2/v2/token"), ("secret_name", words + "-v2-1"), ("max_tokens", "4096")])
    return name, value


def rows(secret, count=600):
    """Texts that hold one secret of the sort, or none; the same every time."""
    chooser = random.Random(17 if secret else 18)
    out = []
    for _ in range(count):
        if not secret:
            name, value = harmless(chooser)
        elif chooser.random() < 0.3:
            name, value = chooser.choice(PASSWORD_NAMES), password(chooser)
        else:
            name, value = chooser.choice(SECRET_NAMES), token(chooser)
        if chooser.random() < 0.4 and (secret or chooser.random() < 0.5):
            name = chooser.choice(PRODUCTS) + "_" + name
        shape = chooser.choice(SHAPES)
        lines = chooser.sample(FILLER, chooser.randint(0, 4))
        lines.insert(chooser.randint(0, len(lines)), shape.replace("{n}", name).replace("{N}", name.upper()).replace("{v}", value))
        out.append("\n".join(lines))
    return out
