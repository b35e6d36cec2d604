"""What looks like a secret and is none: [(kind, text)], as many kinds as come to pass in code and chats."""
import base64
import json
import random
import uuid

import secret_carriers as carriers
import secret_formats as formats

SECRET_NAMES = ["API_KEY", "CLIENT_SECRET", "ACCESS_TOKEN", "OPENAI_API_KEY", "DB_PASSWORD", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "STRIPE_SECRET_KEY",
                "PASSWORD", "AUTH_TOKEN", "SLACK_TOKEN", "PRIVATE_KEY", "JWT_SECRET", "ADMIN_PASSWORD"]


def placeholder(chooser, name):
    low = name.lower()
    return chooser.choice([
        f"<YOUR_{name}>", f"your_{low}_here", f"YOUR_{name}", "xxxxxxxxxxxxxxxxxxxxxxxx", f"${{{name}}}", f"${name}", f"{{{{ {low} }}}}", "changeme", "REPLACE_ME",
        "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "sk-...", "sk-proj-...", "****************", "...", f"os.environ['{name}']", f"process.env.{name}", f"<{low}>",
        f"%{name}%", "TODO", "null", "None", "", "secret", "password", "test", f"insert-{low.replace('_', '-')}", "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "sk_test_XXXXXXXXXXXXXXXXXXXXXXXX", f"vault://secret/data/app#{low}", f"op://vault/item/{low}", f"@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/{low})",
        f"projects/p/secrets/{low}/versions/latest", f"arn:aws:secretsmanager:eu-west-1:123456789012:secret:{low}", f"/run/secrets/{low}", f"ref+vault://app/{low}", f"!vault {low}", f"get_secret('{low}')",
        f"config.{low}", f"self.{low}", f"args.{low}", f"settings.{name}", f"secrets.{name}", f"var.{low}", f"data.vault.app.{low}", f"local.{low}", f"<REDACTED>", "[REDACTED]", "[FILTERED]", "***",
        "sk-ant-api03-your-key-here", "xoxb-your-token", "hf_your_token", "AIzaSy...", "eyJ...", "abc123", "123456", "dummy", "fake-key", "my-secret-key", "not-a-real-key", "example", "sample-token-value",
        f"await getSecret(\"{low}\")", f"System.getenv(\"{name}\")", f"ENV.fetch('{name}')", f"env('{name}')", f"os.Getenv(\"{name}\")", f"Deno.env.get('{name}')", f"std::env::var(\"{name}\")", "generate_password(32)", "secrets.token_hex(32)"])


def hashes(chooser):
    hexes = lambda n: formats.sample(chooser, f"[0-9a-f]{{{n}}}")
    b64 = lambda n: base64.b64encode(chooser.randbytes(n)).decode()
    some = str(uuid.UUID(int=chooser.getrandbits(128), version=4))
    return chooser.choice([
        f"commit {hexes(40)}\nAuthor: Anna <anna@harbor.dev>", f"Merge {hexes(7)} into {hexes(7)}", f"sha256:{hexes(64)}", f"image: app@sha256:{hexes(64)}", f'"integrity": "sha512-{b64(64)}"', f'"resolved": "registry/p-1.0.0.tgz",\n"integrity": "sha1-{b64(20)}"',
        f"md5: {hexes(32)}", f"SHA1 checksum = {hexes(40)}", f"etag: \"{hexes(32)}\"", f"request_id={some}", f"x-request-id: {some}", f"trace_id={hexes(32)} span_id={hexes(16)}", f"traceparent: 00-{hexes(32)}-{hexes(16)}-01", f"user_id: {some}", f'{{"id": "{some}", "parent": "{some}"}}',
        f"h1:{b64(32)}", f"github.com/harbor/app v1.4.2 h1:{b64(32)}", f"checksum = \"{hexes(64)}\"", f"--hash=sha256:{hexes(64)}", f"nonce=\"{b64(16)}\"", f"csrf_token: {hexes(40)}", f"<input name=\"authenticity_token\" value=\"{b64(64)}\">", f"transaction 0x{hexes(64)}", f"address 0x{hexes(40)}", f"ObjectId('{hexes(24)}')",
        f"cursor: {b64(30)}", f"next_page_token={b64(40)}", f'"nextPageToken": "{b64(30)}"', f"idempotency-key: {some}", f"index {hexes(7)}..{hexes(7)} 100644", f"revision = {hexes(40)}", f"file-{formats.sample(chooser, '[A-Za-z0-9]{24}')}", f"chatcmpl-{formats.sample(chooser, '[A-Za-z0-9]{29}')}", f"toolu_01{formats.sample(chooser, '[A-Za-z0-9]{22}')}", f"call_{formats.sample(chooser, '[A-Za-z0-9]{24}')}",
        f"msg_{hexes(48)}", f"asst_{formats.sample(chooser, '[A-Za-z0-9]{24}')}", f"system_fingerprint: fp_{hexes(10)}", f"SHA256:{b64(32).rstrip('=')} anna@laptop (ED25519)", f"fingerprint: {':'.join(hexes(2) for _ in range(20))}", f"cus_{formats.sample(chooser, '[A-Za-z0-9]{14}')}", f"pi_3{formats.sample(chooser, '[A-Za-z0-9]{23}')}", f"public key: pk_live_{formats.sample(chooser, '[A-Za-z0-9]{24}')}"])


def public_things(chooser):
    b64 = base64.b64encode(chooser.randbytes(380)).decode()
    key = base64.b64encode(chooser.randbytes(51)).decode()
    image = base64.b64encode(b"\x89PNG\r\n\x1a\n" + chooser.randbytes(400)).decode()
    return chooser.choice([
        carriers.pem(chooser, "CERTIFICATE", 700), carriers.pem(chooser, "PUBLIC KEY", 290), carriers.pem(chooser, "CERTIFICATE REQUEST", 500), f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5{key[:44]} anna@laptop", f"ssh-rsa AAAAB3NzaC1yc2E{b64[:350]} ci",
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n" + "\n".join(b64[i:i + 64] for i in range(0, 384, 64)) + "\n-----END PGP PUBLIC KEY BLOCK-----", "-----BEGIN PGP SIGNATURE-----\n\n" + b64[:300] + "\n-----END PGP SIGNATURE-----", f'<img src="data:image/png;base64,{image}">', f"data:font/woff2;base64,{b64}",
        f"PublicKey = {base64.b64encode(chooser.randbytes(32)).decode()}\nAllowedIPs = 0.0.0.0/0", f"//# sourceMappingURL=data:application/json;base64,{base64.b64encode(json.dumps({'version': 3, 'sources': ['a.ts'], 'names': [], 'mappings': 'AAAA,SAASA'}).encode()).decode()}", f"mappings: \"{';'.join(formats.sample(chooser, '[A-Z]{4,5}') for _ in range(30))}\"",
        "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n<your key here>\n-----END PRIVATE KEY-----", f"age1{formats.sample(chooser, '[qpzry9x8gf2tvdw0s3jn54khce6mua7l]{58}')}", f"public_key: {base64.b64encode(chooser.randbytes(32)).decode()}", f"recaptcha_site_key: 6L{formats.sample(chooser, formats.U + '{38}')}", f"G-{formats.sample(chooser, '[A-Z0-9]{10}')}", f"UA-{chooser.randint(10**7, 10**8)}-1",
        f"https://{formats.sample(chooser, '[0-9a-f]{32}')}@o45001.ingest.sentry.io/45002", f"kid: {formats.sample(chooser, formats.U + '{27}')}", '{"kty": "RSA", "e": "AQAB", "n": "' + b64[:342] + '"}', "ssh-keygen -t ed25519 -C anna@harbor.dev"])


SENTENCES = ["How do I reset my password?", "Please explain how API keys work and where to keep the secret.", "The token limit is 8192 tokens.", "password must have 12 characters, a digit and a sign", "Error: invalid password for user postgres", "I forgot my password123 style habits long ago",
             "What is the difference between an access token and a refresh token?", "Use a passphrase of four words", "The secret is to keep the dough cold.", "Key takeaways: revenue grew by 12.4% in Q3-2024", "password: (hidden)", "enter your password: ", "The key is under flowerpot number 3.", "secret santa list 2024", "Token ring networks run at 16 Mbit/s",
             "password reset link: https://harbor.dev/reset", "The auth service listens on port 8443", "set a strong password such as <password>", "Authorization: Bearer <token>", "Authorization: Bearer $TOKEN", "curl -u user:password https://api.harbor.dev", "curl -u $USER:$PASS https://api.harbor.dev", "mysql -u root -p orders", "docker login -u ci --password-stdin", "postgres://user:password@localhost:5432/db",
             "postgres://user:${DB_PASSWORD}@db:5432/app", "mongodb://localhost:27017/test", "redis://cache:6379/0", "https://user@git.harbor.dev/team/app.git", "Server=db;Database=app;Integrated Security=true", "Server=db;User Id=app;Password=***;", "password = getpass.getpass()", "password = input('Password: ')", "if password != confirm_password:", "token = request.headers.get('Authorization')", "def check_password(self, password: str) -> bool:", "SELECT password_hash FROM users WHERE id = 42",
             "const token = await auth.getToken();", "private readonly tokenService: TokenService", "import { tokenInterceptor } from './token.interceptor';", "passwordResetTokenExpiresInMinutes: 30", "api_key: str = Field(..., env='API_KEY')", "secretKeyRef:\n  name: db-credentials\n  key: password", "valueFrom:\n  secretKeyRef:\n    name: openai\n    key: api-key", "tokenizer = AutoTokenizer.from_pretrained('bert-base-uncased')", "access_key_id: ${{ secrets.AWS_ACCESS_KEY_ID }}", "password_policy:\n  min_length: 12\n  require_digits: true",
             "keyboard shortcut: Ctrl+Shift+P", "primary key (id, created_at)", "foreign key (customer_id) references customers", "api-version=2024-02-15-preview", "SSH key type: ssh-ed25519", "<input type=\"password\" name=\"password\" placeholder=\"Password1!\">", "PasswordAuthentication no", "PermitRootLogin prohibit-password", "secret_version = google_secret_manager_secret_version.db.secret_data", "password = random_password.db.result", "token = data.aws_eks_cluster_auth.this.token", "export TOKEN=$(cat /run/secrets/token)", "TOKEN=$(vault read -field=token auth/token)",
             "client_secret = os.getenv(\"CLIENT_SECRET\", \"\")", "password: !Ref DbPassword", "password: {{ .Values.db.password | quote }}", "--from-literal=password=$DB_PASSWORD", "access_token_url: https://id.harbor.dev/oauth2/v2.0/token", "tokenEndpoint: /connect/token", "SECRET_NAME=orders-db-credentials-v2", "secretName: wildcard-harbor-dev-tls", "auth_method: AWS4-HMAC-SHA256", "Password strength: 4/5", "password_hash_algorithm = pbkdf2_sha256", "key=lambda row: row[1]", "sorted(items, key=itemgetter(2))", "cache_key = f'user:{user_id}:profile:v3'", "apiKeyHeaderName: X-Api-Key-2"]

MINIFIED = ("!function(e,t){{\"object\"==typeof exports?module.exports=t():e.lib=t()}}(this,function(){{var n={{}},r={a};return n.k=function(e,t){{return e.{b}(t,{c})}},n.{d}=\"{e}\"}});")


def minified(chooser):
    return MINIFIED.format(a=chooser.randint(1, 10**6), b=formats.sample(chooser, "[a-zA-Z]{6}"), c=chooser.randint(1, 99), d=formats.sample(chooser, "[a-z]{3}"), e=formats.sample(chooser, "[a-z]{5,12}"))


def lock(chooser):
    b64 = lambda n: base64.b64encode(chooser.randbytes(n)).decode()
    return "\n".join(f'"node_modules/p{i}": {{"version": "{chooser.randint(0, 9)}.{i}.2", "integrity": "sha512-{b64(64)}"}},' for i in range(5))


def rows(count=2400, seed=29):
    """[(kind, text)], none with a secret; the same every time."""
    chooser = random.Random(seed)
    out = []
    for _ in range(count):
        draw = chooser.random()
        if draw < 0.36:
            name = chooser.choice(SECRET_NAMES)
            language, text = carriers.carried(chooser, name, placeholder(chooser, name))
            out.append(("placeholder/" + language, text))
        elif draw < 0.60:
            out.append(("hash or id", hashes(chooser)))
        elif draw < 0.75:
            out.append(("public", public_things(chooser)))
        elif draw < 0.95:
            out.append(("sentence or code", chooser.choice(SENTENCES)))
        elif draw < 0.975:
            out.append(("minified", minified(chooser)))
        else:
            out.append(("lock file", lock(chooser)))
    return out
