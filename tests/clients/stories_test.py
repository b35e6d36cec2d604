"""Every alert of the catalogue through real capture: each story of tests/golden/catalogue_stories.py is posted by
a real client over TLS, the provider answers what the story says, and `sonde agent` listens. Those that must
raise their alert do, and those that come near do not.

The agent first runs long enough to learn the application's name, stops, and starts again with a past in its
state folder: what is usual comes from there.
"""
import hashlib
import json
import os
import sys
import time
import unittest

import jsonschema

from rig.case import ProviderCase
from rig.clients import Curl, OPENAI, node_https
from rig.local_agent import LocalAgent

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
import catalogue_stories as catalogue  # noqa: E402

kHour, kDay = 3600, 86400
kSchema = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "alert.schema.json")
RULE = """name: falcon
title: The code name of a project in a prompt
level: high
detection:
  named: {text|contains: project falcon}
  condition: named
"""


class StoriesTest(ProviderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = LocalAgent(cls.world, cls.settings())
        cls.clients = {"node": node_https(cls.world), "curl": Curl(cls.world)}
        cls.addClassCleanup(cls.clients["node"].close)
        cls.learn()

    @classmethod
    def settings(cls):
        lists = {"indicator_files": catalogue.FEED, "tor_exit_files": catalogue.TOR, "suspicious_ip_files": catalogue.SCANNER}
        files = {name: cls.write(f"{name}.txt", text + "\n") for name, text in lists.items()}
        return {"detect": {**{name: [path] for name, path in files.items()}, "rule_files": [cls.write("rule.yaml", RULE)],
                           "allowed_models": ["story-*"], "merge_seconds": 0}}

    @classmethod
    def write(cls, name, text):
        path = cls.world.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    @classmethod
    def learn(cls):
        """One exchange, so that the agent writes the application's name down; then it gets a past."""
        cls.agent.start()
        cls.play(cls.marked("story-first"))
        cls.agent.alerts(lambda alert, own: alert["ai_model"]["name"] == "story-first" and own["capture"]["side"] == "client")
        cls.agent.stop()
        cls.give_past(os.path.join(cls.agent.folder, "baselines.jsonl"))
        cls.agent.start()

    @classmethod
    def give_past(cls, path):
        with open(path, encoding="utf-8") as file:
            header, *lines = file.read().splitlines()
        entries = [json.loads(line) for line in lines]
        now = int(time.time())
        nothing = {"hour": now // kHour - 1, "amount": 0, "told": False, "overall": 0, "day": [0] * 24, "week": [0] * 168}
        for entry in entries:
            if entry["kind"] != "application":
                continue
            entry["value"] = {
                "tokens": {**nothing, "amount": 90000, "overall": [100000, 1e6, 99]}, "tool_calls": 400,
                "tools": {"lookup": {"calls": 400, "arguments": ["city"]}}, "answers_since": now - 3 * kDay, "answers": 500,
                "sensitive": {"payment_card": {"answers": 40, "rate": nothing}}}
        ours = next(entry["key"] for entry in entries if entry["kind"] == "application")
        uid = os.getuid()
        for model, principal in (("story-guarded", "/usr/bin/other|"), ("story-known", ours)):
            entries.append({"kind": "model", "key": f"openai/{model}", "value": {
                "since": now - 10 * kDay, "exchanges": 500, "principals": [f"{principal}|{uid}"]}})
        body = "".join(json.dumps(entry) + "\n" for entry in entries)
        header = {**json.loads(header), "sha256": hashlib.sha256(body.encode()).hexdigest()}
        with open(path, "w", encoding="utf-8") as file:
            file.write(json.dumps(header) + "\n" + body)

    @classmethod
    def post(cls, call):
        if call.client == "curl":
            cls.clients["curl"].call(OPENAI, call.body, call.headers)
            return
        got = cls.clients["node"].ask({"url": f"https://{call.host}{call.path}", "body": call.body, "source": call.source or None,
                                       "headers": {"Authorization": "Bearer dummy", **call.headers}})
        if got.get("status") != call.status or got["body"] != call.answer:
            raise AssertionError(f"the rig's own answer: {got}")

    @staticmethod
    def marked(model):
        """A story that is seen to have passed, and with it what was posted before."""
        call = catalogue.chat(catalogue.user("hello"), answer=f"My key is {catalogue.key(model)}.")
        return catalogue.Story("credential.response", True, model, [call(model)])

    @classmethod
    def play(cls, one):
        for call in one.calls:
            cls.provider.answer(one.model, raw={"status": call.status, "type": "application/json", "body": call.answer})
            cls.post(call)
        cls.provider.forget(one.model)

    def raised(self, one):
        # Client and provider are one program here, and what is told once may be told of either.
        sides = (one.side,) if one.side == "server" else ("client", "server")
        return self.agent.so_far(lambda alert, own: alert["ai_model"]["name"] == one.model and own["capture"]["side"] in sides
                                 and own["alert"] == one.alert)

    def test_each_alert_of_the_catalogue_is_raised_and_what_comes_near_is_not(self):
        for one in catalogue.STORIES:
            self.play(one)
        self.play(self.marked("story-last"))
        for side in ("client", "server"):  # all that was posted before has been judged then
            self.agent.alerts(lambda alert, own: alert["ai_model"]["name"] == "story-last" and own["capture"]["side"] == side)
        with open(kSchema, encoding="utf-8") as file:
            schema = jsonschema.Draft202012Validator(json.load(file))
        for one in catalogue.STORIES:
            with self.subTest(alert=one.alert, model=one.model, raises=one.raises):
                found = self.raised(one)
                self.assertEqual(bool(found), one.raises, [alert["unmapped"]["sonde"]["data"] for alert in found])
                for alert in found:
                    schema.validate(alert)
        lost = [line for line in self.agent.metrics().splitlines() if "_lost" in line and "stream" not in line and not line.startswith("#")]
        self.assertTrue(lost and all(line.endswith(" 0") for line in lost), lost)
        print(f"{len(catalogue.STORIES)} stories, {len({one.alert for one in catalogue.STORIES})} alerts")


if __name__ == "__main__":
    unittest.main(verbosity=2)
