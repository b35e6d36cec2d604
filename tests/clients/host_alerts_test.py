"""What a host shows besides its exchanges, and what an operator changes while the agent runs: unsafe model
files, services open to the network, suppressions and rules reloaded without a pause."""
import os
import pickle
import unittest

from rig.case import ProviderCase, chat
from rig.clients import OPENAI, Client, node_https
from rig.leak import github_token
from rig.local_agent import LocalAgent
from rig.provider import script

RULE = "name: {name}\ntitle: A code name\nlevel: high\ndetection:\n  named: {{text|contains: {word}}}\n  condition: named\n"


class Harm:
    """Would run a program when it is loaded; nothing here loads it."""

    def __reduce__(self):
        return os.system, ("true",)


class HostAlertsTest(ProviderCase):
    def setUp(self):
        self.suppressions = self.write("suppressions.yaml", "suppressions: []\n")
        self.rule = self.write("rule.yaml", RULE.format(name="falcon", word="falcon"))
        self.agent = LocalAgent(self.world, {"detect": {"suppression_files": [self.suppressions], "rule_files": [self.rule], "merge_seconds": 0}})
        self.agent.start()
        self.addCleanup(self.agent.stop)
        self.client = node_https(self.world)
        self.addCleanup(self.client.close)

    def write(self, name, text):
        path = self.world.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def say(self, text, url=OPENAI.url, headers=None, model="host-alerts"):
        return self.client.ask({"url": url, "body": chat(text, model=model), "headers": headers or {}})

    def test_an_unsafe_model_file_is_found_while_it_is_open(self):
        for name, content in (("harm.pt", pickle.dumps(Harm())), ("plain.pt", pickle.dumps({"weights": [1.0, 2.0]}))):
            with open(self.world.path(name), "wb") as file:
                file.write(content)
        loaders = {name: Client(self.world, ["/usr/bin/python3", script("model_loader.py"), self.world.path(name)], None)
                   for name in ("plain.pt", "harm.pt")}
        for loader in loaders.values():
            self.addCleanup(loader.close)
            self.assertEqual(loader.ask({"url": OPENAI.url, "body": chat("hello")})["status"], 200)
        alert, = self.agent.alerts(lambda _, own: own["alert"] == "model_file.unsafe")
        self.assertEqual(alert["actor"]["process"]["pid"], loaders["harm.pt"].pid)
        self.assertEqual(alert["unmapped"]["sonde"]["data"]["file"], self.world.path("harm.pt"))
        self.assertIn("system", alert["unmapped"]["sonde"]["data"]["imports"])

    def test_suppressions_and_rules_change_while_the_agent_runs(self):
        leaks = lambda model: lambda alert, own: own["alert"] == "credential.prompt" and alert["ai_model"]["name"] == model
        named = lambda rule: lambda alert, own: own["alert"] == f"custom.{rule}" and own["capture"]["side"] == "client"
        client_side = lambda wanted: lambda alert, own: wanted(alert, own) and own["capture"]["side"] == "client"
        self.say(f"Why is {github_token('before')} refused by falcon?", model="before")
        self.agent.alerts(client_side(leaks("before")))
        self.agent.alerts(named("falcon"))

        self.write("suppressions.yaml", "suppressions:\n- name: our_tests\n  reason: never valid\n  alert: credential.*\n  exe: '*/node'\n")
        self.write("rule.yaml", RULE.format(name="osprey", word="osprey"))
        self.agent.reload()
        self.say(f"Why is {github_token('after')} refused by osprey?", model="after")
        self.agent.alerts(named("osprey"))
        self.assertEqual(self.agent.so_far(leaks("after")), [])
        self.assertRegex(self.agent.metrics(), r'sonde_suppressed_findings_total\{rule="our_tests"\} [1-9]\d*\n')

        self.write("suppressions.yaml", "suppressions:\n- name: broken\n  raeson: x\n")
        self.agent.reload()
        said = next(line for line in reversed(self.agent.child.errors()) if "configuration" in line)
        self.assertIn("stays as it was", said)
        self.assertIn("suppressions.yaml:3: unknown key 'raeson'", "\n".join(self.agent.child.errors()))
        self.say(f"And {github_token('still')}, osprey?", model="still")
        self.agent.alerts(named("osprey"), count=2)
        self.assertEqual(self.agent.so_far(leaks("still")), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
