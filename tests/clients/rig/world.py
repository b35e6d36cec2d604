"""A folder of its own for a test, a certification authority, and names of providers that lead to a
loopback address: clients stay unmodified and use the real host names and port 443.

The names live in a mount namespace of each client (a bind mount over /etc/hosts); nothing of the
host changes.
"""
import os
import random
import shutil
import tempfile

from rig.child import Child, run

HOSTS = ("api.openai.com", "api.anthropic.com", "generativelanguage.googleapis.com", "aiplatform.googleapis.com",
         "bedrock-runtime.us-east-1.amazonaws.com", "demo.openai.azure.com", "sonde.openai.azure.com", "demo.services.ai.azure.com",
         "api.mistral.ai", "api.cohere.com", "llm.example.net", "mcp.example.net")


class World:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="sonde-clients-")
        os.chmod(self.folder, 0o755)
        # Every address in 127/8 is this host; one of its own leaves port 443 free for others.
        self.address = f"127.{random.randint(2, 250)}.{random.randint(1, 250)}.{random.randint(2, 250)}"
        self._children = []
        self._make_certificates()
        with open(self.path("hosts"), "w") as file:
            file.write("127.0.0.1 localhost\n")
            for host in HOSTS:
                file.write(f"{self.address} {host}\n")

    def path(self, name):
        return os.path.join(self.folder, name)

    def _make_certificates(self):
        make_key = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "7"]
        run([*make_key, "-x509", "-subj", "/CN=Sonde test authority", "-keyout", self.path("ca.key"),
             "-out", self.path("ca.crt")])
        names = ",".join(f"DNS:{host}" for host in (*HOSTS, "localhost"))
        run([*make_key, "-x509", "-CA", self.path("ca.crt"), "-CAkey", self.path("ca.key"), "-subj", "/CN=provider",
             "-addext", f"subjectAltName={names},IP:{self.address}", "-addext", "basicConstraints=CA:FALSE",
             "-keyout", self.path("provider.key"), "-out", self.path("provider.crt")])

    def environment(self):
        """What a client needs: a home of its own, trust in the test's authority, no telemetry."""
        ca = self.path("ca.crt")
        return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": self.folder, "LANG": "C.UTF-8",
                "NODE_EXTRA_CA_CERTS": ca, "SSL_CERT_FILE": ca, "REQUESTS_CA_BUNDLE": ca,
                "DO_NOT_TRACK": "1", "NO_PROXY": "*", "NODE_NO_WARNINGS": "1"}

    def with_names(self, command):
        """The command so that it sees the providers' names; exec all the way, the pid stays."""
        script = 'mount --bind "$0" /etc/hosts && exec "$@"'
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, self.path("hosts"), *command]

    def start(self, command, names=False, env=None, **options):
        child = Child(self.with_names(command) if names else command, env={**self.environment(), **(env or {})}, **options)
        self._children.append(child)
        return child

    def close(self):
        for child in reversed(self._children):
            child.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
