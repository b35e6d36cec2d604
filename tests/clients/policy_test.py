"""Fleet policy from end to end: published, rolled out by stages, applied by a real agent, refused where it
cannot be applied or is not signed by the collector's key, rolled back, and told in the API throughout."""
import os
import re
import time
import unittest

from rig.case import ProviderCase, chat
from rig.child import RigError, run
from rig.clients import OPENAI, SdkClient
from rig.collector import Agent, Collector
from rig.leak import github_token

kAgent = "test-host"
kQuiet = "settings:\n  detect:\n    evidence: none\n    merge_seconds: 0\n"
kLoud = "settings:\n  detect:\n    evidence: segment\n    merge_seconds: 0\n"
kBroken = "files:\n  rules: |\n    name: broken\n    detection: {condition: nothing}\n"


class PolicyTest(ProviderCase):
    def setUp(self):
        self.collector = Collector(self.world)
        self.collector.start()
        self.admin = self.collector.token("root", "admin")
        self.agent = Agent(self.world, self.collector, kAgent, heartbeat_seconds=5, policy=True)
        self.agent.start()
        self.client = SdkClient(self.world, OPENAI)
        self.addCleanup(self.client.close)

    def publish(self, document, percent, agents=()):
        made = self.collector.call("/api/v1/policies", self.admin, {
            "group": "default", "document": document, "comment": "why", "percent": percent, "agents": list(agents)})
        return made["version"]

    def publish_file(self, document):
        """The same by the command line, to all at once."""
        path = self.world.path("policy.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(document)
        return int(self.collector.command("policy", "publish", path, "--comment", "why", "--percent", "100"))

    def state(self, version):
        """What the collector shows of this agent on the policy's page."""
        shown = self.collector.get(f"/api/v1/policies/{version}")["state"]
        return next((one for one in shown if one["agent_id"] == kAgent), {})

    def wait(self, version, wanted, what, timeout=30.0):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            state = self.state(version)
            if state and wanted(state):
                return state
            time.sleep(0.1)
        raise RigError(f"no {what}: {self.state(version)}; the agent said {self.agent.child.errors()[-4:]}")

    def heartbeats(self, version, count):
        """Lets the agent ask `count` times more."""
        for _ in range(count):
            seen = self.state(version)["last_seen"]
            self.wait(version, lambda state: state["last_seen"] > seen, "heartbeat")

    def evidence(self):
        """Of the alert that a leaked key raises now."""
        key = github_token(seed=time.time_ns())
        question = f"How do I deploy {key[4:12]}?"
        self.provider.answer(key[4:12], content=f"Of course. Use this token: {key}")
        known = {one["uid"] for one in self.collector.alerts(alert="credential.response")}
        self.client.call(OPENAI, chat(question))
        end = time.monotonic() + 20
        while time.monotonic() < end:
            fresh = [one for one in self.collector.alerts(alert="credential.response") if one["uid"] not in known]
            if fresh:
                return fresh[0]["evidence_preview"]
            time.sleep(0.1)
        raise RigError(f"no alert: {self.agent.child.errors()[-4:]}")

    def sign_with_another_key(self):
        """As if somebody else answered for the collector."""
        path = os.path.join(self.collector.folder, "pki", "policy.key")
        os.rename(path, path + ".own")
        run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", path])
        os.chmod(path, 0o600)
        return path

    def restart_collector(self):
        self.assertEqual(self.collector.child.stop(), 0)
        self.collector.start()

    def test_a_policy_from_publication_to_roll_back(self):
        first = self.publish(kQuiet, 0)
        self.wait(first, lambda state: state["version"] == 0, "sign of life")
        self.heartbeats(first, 1)
        self.assertEqual((self.state(first)["version"], self.state(first)["rolled_out"]), (0, False), "not its turn yet")
        self.assertRegex(self.evidence(), r"Use this token: \[github_token:[0-9a-f]+\]")

        self.collector.command("policy", "roll-out", str(first), "--percent", "0", "--agent", kAgent)
        state = self.wait(first, lambda one: one["version"] == first, "application")
        self.assertTrue(state["rolled_out"])
        self.assertEqual(self.evidence(), "", "the policy holds: no evidence leaves the host")

        broken = self.publish_file(kBroken)
        state = self.wait(broken, lambda one: "refused_because" in one, "refusal")
        self.assertEqual(state["version"], first, "the old one stays")
        self.assertIn("rules", state["refused_because"])
        self.assertIn(state["refused_because"].splitlines()[0], self.collector.command("policy", "show", str(broken)))
        self.assertEqual(self.evidence(), "")

        own = self.sign_with_another_key()
        self.restart_collector()
        foreign = self.publish(kLoud, 100)
        state = self.wait(foreign, lambda one: "refused_because" in one, "refusal of a foreign signature")
        self.assertEqual(state["version"], first)
        self.assertIn("signature", state["refused_because"])
        self.assertEqual(self.evidence(), "")

        os.rename(own + ".own", own)
        self.restart_collector()
        back = int(self.collector.command("policy", "roll-back", str(first)))
        self.assertGreater(back, foreign, "numbers never go back")
        state = self.wait(back, lambda one: one["version"] == back, "roll-back")
        self.assertNotIn("refused_because", state)

        loud = self.publish(kLoud, 100)
        self.wait(loud, lambda one: one["version"] == loud, "the next version")
        self.assertNotEqual(self.evidence(), "")
        self.assertEqual(self.agent.child.stop(), 0)
        self.agent.start()
        self.heartbeats(loud, 1)
        self.assertEqual(self.state(loud)["version"], loud, "it holds over a restart")
        told = "\n".join(line for child in self.agent.logs for line in child.errors())
        for version in (first, back, loud):
            self.assertTrue(re.search(rf"policy {version} of group 'default' holds", told), told)


if __name__ == "__main__":
    unittest.main(verbosity=2)
