"""A collector on SQLite and an agent that delivers to it, as scripts/run.sh sets them up."""
import json
import os
import secrets
import socket
import ssl
import urllib.error
import urllib.parse
import urllib.request

from rig.child import RigError, program, run
from rig.sonde import sonde


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Collector:
    def __init__(self, world):
        self._world = world
        self._binary = program("SONDE_COLLECTOR")
        self.folder = world.path("collector")
        self._config = world.path("collector.yaml")
        self.url = f"https://127.0.0.1:{free_port()}"
        self.password = secrets.token_urlsafe(18)
        self.child = None
        self.logs = []
        with open(self._config, "w") as file:
            os.chmod(self._config, 0o600)
            file.write(f'listen: "{self.url.removeprefix("https://")}"\nstate_directory: {self.folder}\n')
        with open(world.path("password"), "w") as file:
            file.write(self.password + "\n")
        self.command("user", "add", "mira", "--role", "analyst", "--password-file", world.path("password"))
        self._token = self.token("reader", "viewer")
        self._agent_token = None

    def command(self, *arguments):
        return run([self._binary, "--config", self._config, *arguments]).decode()

    @property
    def ca(self):
        return os.path.join(self.folder, "pki", "ca.crt")

    def start(self, env=None):
        self.child = self._world.start([self._binary, "--config", self._config], env=env)
        self.logs.append(self.child)
        self.child.wait_until(lambda: any("listening on" in line for line in self.child.said()), "'listening on'", 30)

    def get(self, path):
        return self._ask(path, self._token)

    def ingest(self, lines):
        """Envelopes as NDJSON, from an agent that has a token instead of a certificate."""
        if not self._agent_token:
            self._agent_token = self.token("noise", "agent")
        return self._ask("/api/v1/ingest", self._agent_token, lines.encode(), "application/x-ndjson")

    def call(self, path, token, body, method="POST"):
        """As an administrator's script does."""
        return self._ask(path, token, json.dumps(body).encode(), "application/json", method)

    def token(self, name, role):
        return self.command("token", "create", name, "--role", role).split()[-1]

    def _ask(self, path, token, body=None, kind=None, method=None):
        headers = {"Authorization": f"Bearer {token}", **({"Content-Type": kind} if kind else {})}
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=self.ca)))
        try:
            with opener.open(request, timeout=20) as reply:
                text = reply.read()
                return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            raise RigError(f"the collector answered {error.code} to {path}: {error.read()[:300]}") from error

    def alerts(self, **filters):
        """Every stored alert, over all pages."""
        found, cursor = [], None
        while True:
            query = urllib.parse.urlencode({"limit": 500, **filters, **({"cursor": cursor} if cursor else {})})
            page = self.get(f"/api/v1/alerts?{query}")
            found += page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                return found

    def alert(self, uid):
        return self.get(f"/api/v1/alerts/{urllib.parse.quote(uid)}")


class Agent:
    def __init__(self, world, collector, name="test-host", heartbeat_seconds=60, deny=(), policy=False):
        self._world = world
        self.folder = world.path("agent")
        self.config = world.path("agent.yaml")
        self.child = None
        self.logs = []
        pki = os.path.join(self.folder, "pki")
        token = collector.command("agent", "enrol", name)
        run([sonde(), "enrol", collector.url, "--ca", collector.ca, "--directory", pki], input=token.encode())
        with open(self.config, "w") as file:
            os.chmod(self.config, 0o600)
            file.write(f"state_directory: {self.folder}\ncollector:\n  url: {collector.url}\n  ca: {collector.ca}\n"
                       f"  cert: {pki}/agent.crt\n  key: {pki}/agent.key\n  heartbeat_seconds: {heartbeat_seconds}\n"
                       + (f"  policy_key: {pki}/policy.pub\n" if policy else "")
                       + f"capture:\n  deny:\n    exes: {json.dumps(list(deny))}\n")

    def start(self, env=None, within=()):
        """`within`: a command that ends by executing the one it is given."""
        self.child = self._world.start([*within, sonde(), "agent", "--config", self.config], env=env)
        self.logs.append(self.child)
        self.child.wait_for_error_line("listening", 60)
