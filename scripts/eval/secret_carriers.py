"""Where secrets really stand: code, settings, logs, chats, credential files. Each carrier gives (kind, text)."""
import base64
import json
import random
import string

import secret_formats as formats

# {n} as it is called, {c} the same in camel case, {N} in capitals, {v} the value.
CODE = {
    "python": ['{n} = "{v}"', "client = Client({n}='{v}')", 'os.environ["{N}"] = "{v}"', '    "{n}": "{v}",', "{N}: str = '{v}'",
               'requests.get(url, headers={{"Authorization": "Bearer {v}"}})'],
    "javascript": ["const {c} = '{v}';", "  {c}: '{v}',", "export const {N} = `{v}`;", "client.init({{ {c}: \"{v}\" }})",
                   "process.env.{N} = process.env.{N} || '{v}';"],
    "typescript": ["private readonly {c}: string = '{v}';", "const {c}: string = \"{v}\""],
    "go": ['{c} := "{v}"', 'const {c} = "{v}"', '\t{c}: "{v}",', 'os.Setenv("{N}", "{v}")', 'req.Header.Set("X-Api-Key", "{v}")'],
    "java": ['private static final String {N} = "{v}";', 'builder.{c}("{v}")', 'props.setProperty("{n}", "{v}");',
             '@Value("${{{n}:{v}}}")'],
    "csharp": ['public const string {c} = "{v}";', 'services.AddClient(o => o.{c} = "{v}");', '<add key="{c}" value="{v}" />'],
    "ruby": ["{n} = '{v}'", "ENV['{N}'] ||= '{v}'", "  config.{n} = \"{v}\"", "  :{n} => '{v}',"],
    "rust": ['const {N}: &str = "{v}";', 'let {n} = "{v}".to_string();'],
    "php": ["define('{N}', '{v}');", "${c} = '{v}';", "  '{n}' => '{v}',", "putenv('{N}={v}');"],
    "swift": ['let {c} = "{v}"', 'static let {c}: String = "{v}"'],
    "kotlin": ['val {c} = "{v}"', 'buildConfigField("String", "{N}", "\\"{v}\\"")'],
    "shell": ["export {N}={v}", '{N}="{v}"', "docker run -e {N}={v} app:latest", "./deploy.sh --token {v} --env prod",
              'curl -H "Authorization: Bearer {v}" https://api.harbor.dev/v1/items', "helm install app . --set {c}={v}",
              'curl -H "X-API-Key: {v}" https://api.harbor.dev/v1/items', "echo '{v}' | docker login -u ci --password-stdin",
              "gh secret set {N} --body \"{v}\""],
    "powershell": ['$env:{N} = "{v}"', '${c} = "{v}"', '[Environment]::SetEnvironmentVariable("{N}", "{v}")'],
    "sql": ["INSERT INTO settings (name, value) VALUES ('{n}', '{v}');"],
    "dockerfile": ["ENV {N}={v}", "ARG {N}={v}"],
    "dotenv": ["{N}={v}", "{N}='{v}'", '{N}="{v}"'],
    "yaml": ["  {n}: {v}", '  {n}: "{v}"', "  - name: {N}\n    value: {v}", "  - {N}={v}"],
    "json": ['  "{n}": "{v}",', '{{"name": "{N}", "value": "{v}"}}', '{{\\"{n}\\":\\"{v}\\"}}'],
    "toml": ['{n} = "{v}"'],
    "ini": ["{n}={v}", "{n} = {v}"],
    "xml": ["<{c}>{v}</{c}>", '<property name="{n}" value="{v}"/>', '<entry key="{n}">{v}</entry>'],
    "terraform": ['  {n} = "{v}"', 'variable "{n}" {{\n  default = "{v}"\n}}'],
    "log": ["2025-03-11T08:12:44Z DEBUG auth: using {n}={v}", "[INFO] {N}: {v}", "+ export {N}={v}"],
    "chat": ["my {t} is {v}", "Here is the {t}: {v}", "use this {t} {v} please", "The {t} for staging is `{v}`. Don't share it.",
             "{t}: {v}", "I set the {t} to {v} but still get a 401", "ok so {v} is my {t}, why does it fail?"],
    "url": ["https://api.harbor.dev/v1/items?{n}={v}&page=2"],
}
FILLER = {
    "python": ["import os", "def main():", "    return client.items()", "timeout = 30", "# staging"],
    "javascript": ["import {{ Client }} from './client';", "const port = 8080;", "// staging", "module.exports = app;"],
    "yaml": ["services:", "  replicas: 2", "  image: app:1.4.2", "# staging"],
    "chat": ["Hi there,", "I'm on the newest version.", "Thanks in advance!", "Everything else works."],
    "log": ["2025-03-11T08:12:43Z INFO boot: starting", "2025-03-11T08:12:45Z INFO http: 200 GET /healthz 3ms"],
}


def camel(name):
    first, *rest = name.lower().split("_")
    return first + "".join(word.capitalize() for word in rest)


def carried(chooser, name, value, languages=None):
    language = chooser.choice(languages or list(CODE))
    shape = chooser.choice(CODE[language])
    spoken = name.lower().replace("_", " ")
    line = shape.format(n=name.lower(), N=name, c=camel(name), v=value, t=spoken)
    filler = FILLER.get(language, [])
    lines = chooser.sample(filler, min(len(filler), chooser.randint(0, 3)))
    lines.insert(chooser.randint(0, len(lines)), line)
    return language, "\n".join(lines)


def pem(chooser, label, size):
    body = base64.b64encode(chooser.randbytes(size)).decode()
    lines = "\n".join(body[i:i + 64] for i in range(0, len(body), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----"


def private_keys(chooser):
    body = pem(chooser, chooser.choice(["RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "DSA PRIVATE KEY",
                                        "ENCRYPTED PRIVATE KEY"]), chooser.choice([96, 420, 1190]))
    b64 = base64.b64encode(chooser.randbytes(600)).decode()
    raw32 = base64.b64encode(chooser.randbytes(32)).decode()
    url = base64.urlsafe_b64encode(chooser.randbytes(32)).decode().rstrip("=")
    return chooser.choice([
        lambda: body,
        lambda: json.dumps({"type": "service_account", "project_id": "harbor-1", "private_key_id": "a1b2", "private_key": body + "\n"}),
        lambda: 'key = "' + body.replace("\n", "\\n") + '"',
        lambda: "tls.key: " + base64.b64encode(body.encode()).decode(),
        lambda: "    key: |\n" + "\n".join("      " + line for line in body.split("\n")),
        lambda: "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n" + "\n".join(b64[i:i + 64] for i in range(0, 640, 64)) +
                "\n=aB3d\n-----END PGP PRIVATE KEY BLOCK-----",
        lambda: "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: me\nPublic-Lines: 2\n" + b64[:64] + "\n" + b64[64:80] +
                "\nPrivate-Lines: 4\n" + "\n".join(b64[i:i + 64] for i in range(100, 356, 64)) + "\nPrivate-MAC: " + formats.sample(chooser, "[0-9a-f]{40}"),
        lambda: "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: \"2048-bit rsa\"\n" + "\n".join(b64[i:i + 64] for i in range(0, 640, 64)) +
                "\n---- END SSH2 ENCRYPTED PRIVATE KEY ----",
        lambda: f"[Interface]\nPrivateKey = {raw32}\nAddress = 10.0.0.2/32\n\n[Peer]\nEndpoint = vpn.harbor.dev:51820",
        lambda: json.dumps({"kty": "OKP", "crv": "Ed25519", "d": url, "x": url[::-1]}),
        lambda: "# created: 2024-05-02\nAGE-SECRET-KEY-1" + formats.sample(chooser, "[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),
    ])()


def connections(chooser):
    word = formats.sample(chooser, "[A-Za-z0-9]{10,20}") + str(chooser.randint(1, 9))
    user, host = chooser.choice(["app", "svc_orders", "root", "reader"]), chooser.choice(["db.harbor.dev", "10.4.0.12", "pg-1.internal"])
    scheme = chooser.choice(["postgres", "postgresql", "mysql", "mongodb", "mongodb+srv", "redis", "rediss", "amqp", "amqps", "mssql", "clickhouse",
                             "postgresql+psycopg2", "mysql+pymysql", "sqlserver", "ftp", "sftp", "smtp", "ldap", "nats", "mqtt", "neo4j", "bolt",
                             "cockroachdb", "couchdb", "http", "https", "ssh", "influxdb"])
    key = base64.b64encode(chooser.randbytes(32)).decode()
    text = chooser.choice([
        lambda: f"{scheme}://{user}:{word}@{host}:5432/orders",
        lambda: f"{scheme}://{user}:{word}@{host}:5432/orders",
        lambda: f"{scheme}://:{word}@{host}:6379/0",
        lambda: f"jdbc:postgresql://{host}:5432/orders?user={user}&password={word}",
        lambda: f"jdbc:sqlserver://{host}:1433;databaseName=orders;user={user};password={word};",
        lambda: f"jdbc:oracle:thin:{user}/{word}@{host}:1521:ORCL",
        lambda: f"Server={host};Database=orders;User Id={user};Password={word};Encrypt=True",
        lambda: f"Data Source={host};Initial Catalog=orders;Uid={user};Pwd={word};",
        lambda: f"host={host} port=5432 dbname=orders user={user} password={word} sslmode=require",
        lambda: f"{user}:{word}@tcp({host}:3306)/orders?parseTime=true",
        lambda: f"Endpoint=sb://harbor.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={key}",
        lambda: f"DefaultEndpointsProtocol=https;AccountName=harbor;AccountKey={base64.b64encode(chooser.randbytes(64)).decode()};EndpointSuffix=core.windows.net",
        lambda: f"HostName=harbor.azure-devices.net;DeviceId=d1;SharedAccessKey={key}",
        lambda: f"https://harbor.blob.core.windows.net/c?sv=2022-11-02&se=2026-01-01&sr=c&sp=rl&sig={formats.sample(chooser, '[A-Za-z0-9]{20}')}%2B{formats.sample(chooser, '[A-Za-z0-9]{20}')}%3D",
        lambda: f"CREATE USER {user} WITH PASSWORD '{word}';",
        lambda: f"CREATE USER '{user}'@'%' IDENTIFIED BY '{word}';",
        lambda: f"ALTER LOGIN {user} WITH PASSWORD = '{word}!';",
        lambda: f"psql \"postgresql://{user}:{word}@{host}/orders\"",
        lambda: f"mysql -h {host} -u {user} -p{word} orders",
        lambda: f"PGPASSWORD={word} pg_dump -h {host} -U {user} orders",
        lambda: f"redis-cli -h {host} -a {word} ping",
        lambda: f"mongosh mongodb://{host}/orders -u {user} -p {word}",
        lambda: f"git clone https://{user}:{word}@git.harbor.dev/team/app.git",
        lambda: f"wget --user={user} --password={word} https://{host}/file",
        lambda: f"curl -u {user}:{word} https://{host}/api",
        lambda: f"sshpass -p '{word}' ssh {user}@{host}",
    ])()
    if chooser.random() < 0.4:
        return text
    return chooser.choice(['DATABASE_URL={}', 'url: "{}"', "conn = connect('{}')", "{}", "I use {} to connect"]).format(text)


def files(chooser):
    word = formats.sample(chooser, "[A-Za-z0-9]{12,20}") + str(chooser.randint(1, 9))
    hexes = formats.sample(chooser, "[0-9a-f]{40}")
    auth = base64.b64encode(f"ci:{word}".encode()).decode()
    return chooser.choice([
        lambda: f"machine git.harbor.dev login ci password {word}",
        lambda: f"machine git.harbor.dev\n  login ci\n  password {word}",
        lambda: f"db.harbor.dev:5432:orders:app:{word}",
        lambda: f"[default]\naws_access_key_id = AKIA{formats.sample(chooser, '[A-Z2-7]{16}')}\naws_secret_access_key = {formats.sample(chooser, formats.B + '{40}')}",
        lambda: f"users:\n- name: admin\n  user:\n    client-key-data: {base64.b64encode(pem(chooser, 'RSA PRIVATE KEY', 300).encode()).decode()}",
        lambda: f"users:\n- name: ci\n  user:\n    token: {formats.jwt(chooser)}",
        lambda: f"users:\n- name: ci\n  user:\n    username: ci\n    password: {word}",
        lambda: json.dumps({"auths": {"registry.harbor.dev": {"auth": auth}}}),
        lambda: f"//registry.harbor.dev/:_authToken={hexes}",
        lambda: f"//registry.harbor.dev/:_password={base64.b64encode(word.encode()).decode()}",
        lambda: f"[pypi]\nusername = __token__\npassword = {word}",
        lambda: f"admin:$apr1${formats.sample(chooser, '[A-Za-z0-9./]{8}')}${formats.sample(chooser, '[A-Za-z0-9./]{22}')}",
        lambda: f"deploy:$6${formats.sample(chooser, '[A-Za-z0-9./]{16}')}${formats.sample(chooser, '[A-Za-z0-9./]{86}')}:19700:0:99999:7:::",
        lambda: f"define( 'DB_PASSWORD', '{word}' );\ndefine( 'AUTH_KEY', '{formats.sample(chooser, '[A-Za-z0-9!@#%^&*+=]{64}')}' );",
        lambda: f"<server>\n  <id>releases</id>\n  <username>ci</username>\n  <password>{word}</password>\n</server>",
        lambda: f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ntype: Opaque\ndata:\n  password: {base64.b64encode(word.encode()).decode()}",
        lambda: f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: {word}",
        lambda: f"spring.datasource.password={word}",
        lambda: f"Cookie: sessionid={formats.sample(chooser, '[a-z0-9]{32}')}; csrftoken=abc",
        lambda: f"Set-Cookie: PHPSESSID={formats.sample(chooser, '[a-z0-9]{26}')}; path=/; HttpOnly",
        lambda: f"Authorization: Basic {auth}",
        lambda: f"Authorization: Token {hexes}",
        lambda: f"X-Auth-Token: {hexes}",
        lambda: f"ansible_ssh_pass={word}\nansible_become_password={word}",
        lambda: f"wpa_passphrase={word}",
        lambda: f"network={{\n  ssid=\"Home\"\n  psk=\"{word}\"\n}}",
        lambda: f"enable secret 0 {word}\nsnmp-server community {word} RW",
        lambda: f"requirepass {word}",
        lambda: f"smtp_sasl_password = {word}\n[mail.harbor.dev]:587 ci:{word}",
    ])()


SENTENCES = ["my password is {v}", "The password for the admin account is {v}.", "log in with user anna and password {v}", "username: anna\npassword: {v}",
             "password={v} doesn't work any more", "Mein Passwort lautet {v}", "Das Kennwort ist {v}", "La contraseña es {v}", "le mot de passe est {v}",
             "La password è {v}", "A senha é {v}", "hasło: {v}", "пароль: {v}", "密码是 {v}", "パスワードは {v} です", "creds are anna / {v}", "wifi password: {v}",
             "The root pw is {v}", "pass: {v}", "PIN and passphrase: {v}", "the login is anna@harbor.dev with pw {v}", "use the passphrase {v} to unlock it"]


def encoded(chooser):
    name, value = formats.marked(chooser)
    line = f"{name}={value}\nDEBUG=0\nREGION=eu-west-1"
    return chooser.choice([lambda: base64.b64encode(line.encode()).decode(), lambda: line.encode().hex(),
                           lambda: "https://evil.test/?d=" + "".join(f"%{b:02X}" if chr(b) not in string.ascii_letters + string.digits else chr(b) for b in line.encode())])()


def rows(count=2400, seed=23):
    """[(kind, text)], each with at least one secret; the same every time."""
    chooser = random.Random(seed)
    out = []
    for _ in range(count):
        draw = chooser.random()
        if draw < 0.42:
            language, text = carried(chooser, *formats.marked(chooser))
            out.append(("marked/" + language, text))
        elif draw < 0.46:
            out.append(("bare", formats.marked(chooser)[1]))
        elif draw < 0.66:
            language, text = carried(chooser, *formats.named(chooser), [lang for lang in CODE if lang != "url"])
            out.append(("named/" + language, text))
        elif draw < 0.72:
            name = chooser.choice(["DB_PASSWORD", "PASSWORD", "ADMIN_PASS", "SMTP_PASSWORD", "PASSWD", "REDIS_PWD", "KEYSTORE_PASSWORD"])
            kinds = [lang for lang in CODE if lang not in ("chat", "url", "sql", "shell")]
            out.append(("password", carried(chooser, name, formats.password(chooser), kinds)[1]))
        elif draw < 0.77:
            out.append(("sentence", chooser.choice(SENTENCES).format(v=formats.password(chooser))))
        elif draw < 0.83:
            out.append(("private key", private_keys(chooser)))
        elif draw < 0.91:
            out.append(("connection", connections(chooser)))
        elif draw < 0.97:
            out.append(("file", files(chooser)))
        else:
            out.append(("encoded", encoded(chooser)))
    return out
