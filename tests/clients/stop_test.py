"""A whole agent ends within its unit's limit, cleanly and with its alert kept, while everything it speaks
to hangs: collector, webhook, OTLP, syslog, Kafka, TAXII server, kubelet, and then the name server."""
import json
import os
import re
import time
import unittest

from rig.case import ProviderCase, chat
from rig.child import run
from rig.clients import OPENAI, SdkClient
from rig.collector import Collector
from rig.leak import github_token
from rig.local_agent import LocalAgent
from rig.noise import deliver
from rig.silent import SilentNameServer, SilentServers
from rig.sonde import sonde

UNITS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../systemd")
PEERS = ("collector", "hook", "otlp", "syslog", "kafka", "taxii", "kubelet")


def unit_limit(name):
    with open(os.path.join(UNITS, f"{name}.service"), encoding="utf-8") as file:
        return int(re.search(r"^TimeoutStopSec=(\d+)s$", file.read(), re.M)[1])


class StopTest(ProviderCase):
    def settings(self, places, scheme):
        """An agent that delivers everywhere; `places` are HOST:PORT by peer."""
        token = self.world.path("token")
        with open(token, "w", encoding="utf-8") as file:
            os.chmod(token, 0o600)
            file.write("nothing\n")
        return {
            "collector": {"url": f"https://{places['collector']}", "token_file": token, "policy_key": self.key()},
            "kubernetes": {"kubelet": f"https://{places['kubelet']}"},
            "taxii": {"collections": [f"{scheme}://{places['taxii']}/root/collections/one/"]},
            "sinks": {"stdout": True, "targets": [
                {"name": "hook", "type": "webhook", "url": f"{scheme}://{places['hook']}/"},
                {"name": "otlp", "type": "otlp", "url": f"{scheme}://{places['otlp']}/v1/logs"},
                {"name": "syslog", "type": "syslog", "url": f"tls://{places['syslog']}"},
                {"name": "udp", "type": "syslog", "url": f"udp://{places['udp']}"},
                {"name": "kafka", "type": "kafka", "brokers": places["kafka"], "topic": "sonde"}]}}

    def key(self):
        path = self.world.path("policy.pub")
        if not os.path.exists(path):
            private = self.world.path("policy.key")
            run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", private])
            run(["openssl", "pkey", "-in", private, "-pubout", "-out", path])
        return path

    def alert(self, agent):
        name = f"deploy{time.monotonic_ns()}"
        self.provider.answer(name, content=f"Use {github_token(seed=hash(name))} for it.")
        client = SdkClient(self.world, OPENAI)
        self.addCleanup(client.close)
        client.call(OPENAI, chat(f"How do I {name}?"))
        return agent.alerts(lambda alert, own: alert["actor"]["process"]["pid"] == client.pid)[0]

    def stops(self, child, unit, hangs):
        """`hangs()`: whether all wait for an answer by now."""
        end = time.monotonic() + 30
        while not hangs():
            self.assertLess(time.monotonic(), end, "not all peers were asked")
            time.sleep(0.05)
        began = time.monotonic()
        self.assertEqual(child.stop(), 0)
        took = time.monotonic() - began
        print(f"{unit} stopped in {took:.1f} s of {unit_limit(unit)}")
        self.assertLess(took, unit_limit(unit), "systemd would have killed it")

    def agent_stops(self, agent, hangs):
        alert = self.alert(agent)
        self.stops(agent.child, "sonde-agent", hangs)
        uid = alert["finding_info"]["uid"]
        for sink in ("collector", "hook", "otlp", "syslog", "kafka"):
            kept = run([sonde(), "spool", "--config", agent.config_path, "--sink", sink, "--records"]).decode()
            self.assertIn(uid, kept, f"the spool of {sink} does not hold the alert")

    def test_while_every_peer_accepts_and_never_answers(self):
        servers = SilentServers(PEERS)
        self.addCleanup(servers.close)
        places = {name: f"127.0.0.1:{port}" for name, port in servers.ports.items()}
        agent = LocalAgent(self.world, self.settings({**places, "udp": "127.0.0.1:9"}, "http"), "silent-peers")
        agent.start()
        self.agent_stops(agent, lambda: servers.reached >= set(PEERS) - {"kubelet"})  # asked where there is a pod

    def test_while_the_name_server_never_answers(self):
        names = SilentNameServer(self.world.address)
        self.addCleanup(names.close)
        with open(self.world.path("resolv.conf"), "w", encoding="utf-8") as file:
            file.write(f"nameserver {self.world.address}\noptions timeout:15 attempts:4\n")
        with open(self.world.path("nsswitch.conf"), "w", encoding="utf-8") as file:
            file.write("hosts: files dns\n")
        places = {name: f"{name}.silent.example:443" for name in (*PEERS, "udp")}
        agent = LocalAgent(self.world, self.settings(places, "https"), "silent-names")
        agent.start(["unshare", "--mount", "--propagation", "private", "sh", "-c",
                     'mount --bind "$0/resolv.conf" /etc/resolv.conf && '
                     'mount --bind "$0/nsswitch.conf" /etc/nsswitch.conf && exec "$@"', self.world.folder])
        self.agent_stops(agent, lambda: names.asked >= set(places) - {"kubelet"})

    def test_a_collector_while_what_it_exports_to_never_answers(self):
        servers = SilentServers(("hook", "otlp", "syslog", "kafka"))
        self.addCleanup(servers.close)
        collector = Collector(self.world)
        with open(self.world.path("collector.yaml"), "a", encoding="utf-8") as file:
            file.write("exports: " + json.dumps([
                {"name": "hook", "type": "webhook", "url": f"http://127.0.0.1:{servers.ports['hook']}/"},
                {"name": "otlp", "type": "otlp", "url": f"http://127.0.0.1:{servers.ports['otlp']}/v1/logs"},
                {"name": "syslog", "type": "syslog", "url": f"tls://127.0.0.1:{servers.ports['syslog']}"},
                {"name": "kafka", "type": "kafka", "brokers": f"127.0.0.1:{servers.ports['kafka']}", "topic": "sonde"}]) + "\n")
        collector.start()
        deliver(collector, 1, time.time_ns() // 1_000_000)
        self.stops(collector.child, "sonde-collector", lambda: servers.reached >= set(servers.ports))


if __name__ == "__main__":
    unittest.main(verbosity=2)
