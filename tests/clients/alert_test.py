"""A program whose answer leaks a key: the alert stands in store, API and page within two seconds, and
the key stands nowhere."""
import json
import os
import time
import unittest

import jsonschema

from rig.case import ProviderCase, chat
from rig.child import RigError, program
from rig.clients import OPENAI, SdkClient
from rig.collector import Agent, Collector
from rig.leak import github_token
from rig.provider import node

kHere = os.path.dirname(os.path.abspath(__file__))
kSeconds = 2.0


class AlertTest(ProviderCase):
    def setUp(self):
        self.collector = Collector(self.world)
        self.collector.start()
        self.agent = Agent(self.world, self.collector)
        self.agent.start()

    def test_a_leaked_key_is_an_alert_on_the_page_within_two_seconds(self):
        key = github_token(seed=time.time_ns())
        self.provider.answer("deploy", content=f"Of course. Use this token: {key}\nKeep it to yourself.")
        client = SdkClient(self.world, OPENAI)
        self.addCleanup(client.close)
        client.call(OPENAI, chat("nothing special"))  # start-up is not what is measured
        browser = self.open_page()

        got = client.call(OPENAI, chat("How do I deploy?", stream=True))
        answered = time.time()
        self.assertIn(key, got["text"], "the rig's own answer")
        alert = self.wait_for_alert(client.pid)
        stored = time.time()
        browser.wait_until(lambda: len(browser.said()) >= 2, "row on the page", 60)
        page = json.loads(browser.said()[1])
        print(f"in the API after {stored - answered:.2f} s, on the page after {page['seen_at'] / 1000 - answered:.2f} s")
        self.assertLess(stored - answered, kSeconds)
        self.assertLess(page["seen_at"] / 1000 - answered, kSeconds)

        self.check_alert(alert, client)
        evidence = alert["ocsf"]["unmapped"]["sonde"]["evidence"]["text"]
        self.assertRegex(evidence, r"Use this token: \[github_token:[0-9a-f]+\]", "masked with type and fingerprint")
        self.assertIn(evidence, page["text"], "the page shows the evidence")
        self.check_secrecy(key, json.dumps(alert), *page["pages"], page["text"])

    def open_page(self):
        browser = self.world.start([node(), os.path.join(kHere, "portal_page.mjs"), self.collector.url, "mira",
                                    self.collector.password, "Use this token"], env={"SONDE_PORTAL_ROOT": program("SONDE_PORTAL_ROOT")})
        browser.wait_until(lambda: any("ready" in line for line in browser.said()), "live page", 90)
        return browser

    def wait_for_alert(self, pid):
        """The alert about the client's own side; the provider's side on this host has one too."""
        end = time.monotonic() + 20
        looked_at = {}
        while time.monotonic() < end:
            for item in self.collector.alerts(alert="credential.response"):
                if item["uid"] not in looked_at:
                    looked_at[item["uid"]] = self.collector.alert(item["uid"])
                if looked_at[item["uid"]]["ocsf"]["actor"]["process"]["pid"] == pid:
                    return looked_at[item["uid"]]
            time.sleep(0.02)
        raise RigError(f"no alert of process {pid}; the agent said {self.agent.child.errors()[-5:]}")

    def check_alert(self, alert, client):
        ocsf = alert["ocsf"]
        with open(os.path.join(kHere, "..", "..", "docs", "alert.schema.json"), encoding="utf-8") as file:
            jsonschema.Draft202012Validator(json.load(file)).validate(ocsf)
        self.assertEqual(alert["alert"], "credential.response")
        self.assertEqual(alert["zone"], "assistant")
        self.assertEqual(alert["model"], "gpt-4o-mini")
        self.assertEqual(alert["provider"], "openai")
        self.assertEqual(ocsf["actor"]["process"]["file"]["path"], client.who().exe)

    def check_secrecy(self, key, *texts):
        """Neither store, spool, logs, configuration nor any page holds the key, or its random part."""
        self.assertEqual(self.agent.child.stop(), 0)
        self.assertEqual(self.collector.child.stop(), 0)
        secret = key[4:-6]
        logs = ["\n".join(child.said()) for child in self.agent.logs + self.collector.logs]
        for text in (*texts, *logs):
            self.assertNotIn(secret, text)
        searched = 0
        for folder in (self.agent.folder, self.collector.folder):
            for parent, _, names in os.walk(folder):
                for name in names:
                    with open(os.path.join(parent, name), "rb") as file:
                        self.assertFalse(secret.encode() in file.read(), f"the key stands in {parent}/{name}")
                    searched += 1
        self.assertGreater(searched, 4, "store, spool and keys were searched")


if __name__ == "__main__":
    unittest.main(verbosity=2)
