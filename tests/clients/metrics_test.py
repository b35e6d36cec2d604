"""What a monitoring system reads of a working agent and collector: strict OpenMetrics 1.0 with every counter
that the programs count, health and readiness, and the right answers to wrong questions."""
import http.client
import json
import os
import re
import ssl
import subprocess
import time
import unittest

from rig.case import ProviderCase, chat
from rig.clients import OPENAI, SdkClient
from rig.collector import Agent, Collector, free_port
from rig.leak import github_token

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def counted_in(path, prefix):
    """Names of the X-macro list of a header, as samples."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return {f"{prefix}{name}_total" for name in re.findall(r'^ +X\(\w+,\s*"(\w+)"', file.read(), re.M)}


class MetricsTest(ProviderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector = Collector(cls.world)
        cls.collector.start()
        cls.agent = Agent(cls.world, cls.collector, heartbeat_seconds=5)
        with open(cls.agent.config, "a", encoding="utf-8") as file:
            file.write(f"metrics:\n  listen: 127.0.0.1:{free_port()}\n"
                       "sinks:\n  targets:\n    - {name: hook, type: webhook, url: 'http://127.0.0.1:9/'}\n")
        cls.agent.start()

    def agent_port(self):
        with open(self.agent.config, encoding="utf-8") as file:
            return int(re.search(r"listen: 127\.0\.0\.1:(\d+)", file.read())[1])

    def ask(self, who, path, method="GET", headers=()):
        """Status, headers and body of one request."""
        if who == "agent":
            connection = http.client.HTTPConnection("127.0.0.1", self.agent_port(), timeout=20)
        else:
            connection = http.client.HTTPSConnection(self.collector.url.removeprefix("https://"), timeout=20,
                                                     context=ssl.create_default_context(cafile=self.collector.ca))
        try:
            connection.request(method, path, headers=dict(headers))
            reply = connection.getresponse()
            return reply.status, dict(reply.getheaders()), reply.read()
        finally:
            connection.close()

    def samples(self, who):
        status, headers, text = self.ask(who, "/metrics")
        self.assertEqual(status, 200)
        self.assertEqual(headers["Content-Type"], OPEN_METRICS)
        # Debian's own Python has Debian's modules.
        done = subprocess.run(["/usr/bin/python3", os.path.join(ROOT, "tests/support/openmetrics.py")], input=text,
                              capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, f"{who}: {done.stderr.decode()}")
        return json.loads(done.stdout)

    def wait(self, who, name, least):
        end = time.monotonic() + 30
        while (samples := self.samples(who)).get(name, 0) < least:
            self.assertLess(time.monotonic(), end, f"{name} stays at {samples.get(name)}")
            time.sleep(0.2)
        return samples

    def test_metrics_are_strict_and_whole_and_move(self):
        before = {who: self.samples(who) for who in ("agent", "collector")}
        self.assertEqual(counted_in("agent/base/counters.h", "sonde_") - before["agent"].keys(), set())
        self.assertEqual(counted_in("collector/api/metrics.h", "sonde_collector_") - before["collector"].keys(), set())
        for who in before:
            self.assertGreater(before[who]["process_resident_memory_bytes"], 1 << 20)
        self.provider.answer("deploy", content=f"Use {github_token(seed=7)} for it.")
        client = SdkClient(self.world, OPENAI)
        self.addCleanup(client.close)
        client.call(OPENAI, chat("How do I deploy?"))
        agent = self.wait("agent", 'sonde_delivery_delivered_total{"sink": "collector"}', 1)
        collector = self.wait("collector", "sonde_collector_ingest_accepted_total", 1)
        self.assertGreaterEqual(agent["sonde_exchanges_seen_total"], 1)
        self.assertGreaterEqual(agent['sonde_delivery_waiting{"sink": "hook"}'], 1)
        self.assertGreaterEqual(agent['sonde_processes{"heard": "true"}'], 1)
        for who, now in (("agent", agent), ("collector", collector)):
            fallen = [name for name, value in before[who].items() if "_total" in name and now[name] < value]
            self.assertEqual(fallen, [], who)

    def test_health_is_told_and_wrong_questions_are_refused(self):
        for who, path in (("agent", "/healthz"), ("agent", "/readyz"), ("collector", "/healthz")):
            self.assertEqual(self.ask(who, path)[0], 200, (who, path))
        for who in ("agent", "collector"):
            self.assertEqual(self.ask(who, "/nothing")[0], 404, who)
            self.assertEqual(self.ask(who, "/metrics", "DELETE")[0], 405, who)
            status, headers, body = self.ask(who, "/metrics", "HEAD")
            self.assertEqual((status, body), (200, b""), who)
            self.assertGreater(int(headers["Content-Length"]), 1000, who)


if __name__ == "__main__":
    unittest.main(verbosity=2)
