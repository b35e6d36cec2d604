"""What the sensor says of itself and of the host's own services: a program that it cannot hear, bytes that it
lost, a model server open to the network, and what is uploaded to train on. Each beside what comes near."""
import json
import os
import shutil
import signal
import subprocess
import sys
import unittest

from rig.case import ProviderCase, chat
from rig.clients import OPENAI, node_https
from rig.local_agent import LocalAgent
from rig.provider import node, script

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
from catalogue_stories import WORM  # noqa: E402

kRing = 64 << 10  # bytes: the smallest
kHeartbeat = 5  # seconds: the shortest
kPrograms = os.environ["SONDE_KERNEL_PROGRAMS"]


def named(alert):
    return lambda _, own: own["alert"] == alert


class SensorAlertsTest(ProviderCase):
    def agent(self, **sections):
        settings = {"collector": {"heartbeat_seconds": kHeartbeat}, **sections}
        agent = LocalAgent(self.world, settings, name=f"agent-{self._testMethodName}")
        self.addCleanup(agent.stop)
        return agent

    def start(self, *command):
        child = self.world.start(command)
        self.addCleanup(child.stop)
        return child

    def test_a_program_whose_tls_cannot_be_told_is_named(self):
        """A static build without symbols is found by what its error calls name; one without these names is
        not probed on a guess, but said."""
        heard = os.path.join(kPrograms, "openssl_static_stripped")
        deaf = self.world.path("deaf")
        with open(heard, "rb") as file:
            image = file.read()
        with open(deaf, "wb") as file:
            file.write(image.replace(b"SSL_write\0", b"SSL_wrote\0").replace(b"SSL_read\0", b"SSL_rode\0"))
        os.chmod(deaf, 0o755)
        url, wait = f"https://localhost:{self.provider.port}/", ("--wait-ms", "20000")
        for program in (heard, deaf):
            self.start(program, *wait, url, "/dev/null", "1")
        agent = self.agent()
        agent.start()
        alert, = agent.alerts(named("coverage.blind"))
        self.assertEqual((alert["actor"]["process"]["file"]["path"], alert["severity"]), (deaf, "Informational"))
        self.assertIn("SSL_read", json.dumps(alert))

    def test_bytes_that_were_lost_are_said(self):
        agent = self.agent(capture={"ring_bytes": kRing})
        agent.start()
        client = node_https(self.world)
        self.addCleanup(client.close)
        self.assertEqual(client.ask({"url": OPENAI.url, "body": chat("hello"), "headers": OPENAI.headers})["status"], 200)
        self.assertEqual(agent.so_far(named("sensor.health")), [])
        agent.child.process.send_signal(signal.SIGSTOP)
        try:
            client.call(OPENAI, chat("an owl " * kRing))
        finally:
            agent.child.process.send_signal(signal.SIGCONT)
        alert, *_ = agent.alerts(named("sensor.health"))
        self.assertIn("ring_full", alert["unmapped"]["sonde"]["evidence"]["text"])

    def test_a_model_server_that_listens_beyond_this_host_and_asks_for_no_key(self):
        servers = {address: self.start(node(), script("local_provider.mjs"), address) for address in ("0.0.0.0", "127.0.0.1")}
        ports = {address: json.loads(server.read_line())["port"] for address, server in servers.items()}
        agent = self.agent(capture={"plain_http_ports": list(ports.values())})
        agent.start()
        for address, port in ports.items():
            for key in ("Authorization: Bearer sk-local-0123456789", "X-Asked: without a key"):
                self.post(f"http://127.0.0.1:{port}/v1/chat/completions", "-H", key, "-H", "Content-Type: application/json",
                          "-d", json.dumps(chat(f"hello {address}", model=f"{key.split(':')[0]}-{address}")))
        alert, = agent.alerts(named("exposed_service"))
        self.assertEqual((alert["ai_model"]["name"], alert["unmapped"]["sonde"]["data"]["port"]), ("X-Asked-0.0.0.0", str(ports["0.0.0.0"])))
        self.assertEqual(alert["actor"]["process"]["pid"], servers["0.0.0.0"].pid)

    def test_what_is_uploaded_to_train_on_is_judged(self):
        agent = self.agent()
        agent.start()
        self.provider.answer("training-", raw={"status": 200, "type": "application/json", "body": json.dumps(
            {"id": "file-1", "object": "file", "purpose": "fine-tune", "filename": "rows.jsonl", "bytes": 9, "created_at": 1, "status": "processed"})})
        for name, text in (("training-plain", "The branch in Bern opens at nine."), ("training-worm", WORM)):
            path = self.world.path(f"{name}.jsonl")
            row = {"messages": [{"role": "user", "content": name}, {"role": "assistant", "content": text}]}
            with open(path, "w", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            self.post("https://api.openai.com/v1/files", "--cacert", self.world.path("ca.crt"), "-H", "Authorization: Bearer dummy",
                      "-F", "purpose=fine-tune", "-F", f"file=@{path}")
        found = agent.alerts(named("poisoning.training"), count=2)  # told by the client's end and by the provider's
        self.assertEqual({one["unmapped"]["sonde"]["capture"]["side"] for one in found}, {"client", "server"})
        self.assertNotIn("Bern", json.dumps(found))

    def post(self, url, *options):
        subprocess.run(self.world.with_names([shutil.which("curl"), "-sS", "--fail", *options, url]), env=self.world.environment(),
                       check=True, stdout=subprocess.DEVNULL, timeout=30)


if __name__ == "__main__":
    unittest.main(verbosity=2)
