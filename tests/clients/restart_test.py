"""restart_test.py [COUNT [SEED]]: agent and collector are killed COUNT times at random points, under
traffic. No alert is lost or doubled in the store, and no client notices.

An exchange that falls into a time without an agent is not heard, and one that ends in the last moment
before a kill may die in memory: those may raise no alert, but never two. Every other one must.
"""
import collections
import random
import re
import shutil
import sys
import time
import unittest
from dataclasses import dataclass

from rig.case import ProviderCase
from rig.collector import Agent, Collector
from rig.provider import Provider, node
from rig.traffic import start_talkers

# From the last byte of an answer until its alert is on disk. The machine may be busy.
kOnDisk = 1.5
kMarker = re.compile(r"\b(?:openai|anthropic|httpx|requests|curl)-\d{5}\b")


@dataclass
class Life:
    """The time in which one agent process listened."""
    begin: float
    end: float = float("inf")


class RestartTest(ProviderCase):
    count = 5
    seed = None

    @classmethod
    def make_provider(cls):
        """By a file of its own, so that the agent can be told not to hear the provider's side too."""
        binary = cls.world.path("provider-node")
        shutil.copy(node(), binary)
        return Provider(cls.world, binary=binary)

    def setUp(self):
        self.random = random.Random(self.seed)
        self.collector = Collector(self.world)
        self.collector.start()
        self.agent = Agent(self.world, self.collector, heartbeat_seconds=5, deny=["*/provider-node"])
        self.lives = []
        self.start_agent()

    def start_agent(self):
        self.agent.start()
        self.lives.append(Life(time.monotonic()))

    def kill_agent(self):
        self.lives[-1].end = time.monotonic()
        self.agent.child.kill()

    def kill_and_restart(self):
        victims = self.random.choice([["agent"], ["collector"], ["agent", "collector"]])
        if "agent" in victims:
            self.kill_agent()
        if "collector" in victims:
            self.collector.child.kill()
        time.sleep(self.random.uniform(0, 1))
        if "collector" in victims and self.random.random() < 0.5:
            self.collector.start()
            victims.remove("collector")
        if "agent" in victims:
            self.start_agent()
        if "collector" in victims:
            time.sleep(self.random.uniform(0, 1))
            self.collector.start()

    def test_no_alert_is_lost_or_doubled_and_no_client_notices(self):
        talkers = start_talkers(self.world, self.provider)
        for number in range(self.count):
            time.sleep(self.random.uniform(0.2, 4))
            self.kill_and_restart()
            print(f"{number + 1} of {self.count} kills, {sum(len(talker.exchanges) for talker in talkers)} exchanges", flush=True)
        time.sleep(2)
        codes = [talker.stop() for talker in talkers]
        time.sleep(kOnDisk)
        exchanges = [exchange for talker in talkers for exchange in talker.exchanges]
        self.assertEqual([exchange.error for exchange in exchanges if exchange.error], [])
        self.assertEqual(codes, [0] * len(talkers))
        self.assertEqual(self.agent.child.stop(), 0, "the agent delivers what it has and ends")
        self.check_store(exchanges)

    def check_store(self, exchanges):
        items = self.collector.alerts(alert="credential.response")
        # Only what this test said: the agent hears the whole host.
        found = collections.Counter(marker for item in items for marker in kMarker.findall(item["evidence_preview"]))
        self.assertEqual(len({item["uid"] for item in items}), len(items))
        self.assertEqual([marker for marker, times in found.items() if times > 1], [], "doubled")
        must = [one for one in exchanges
                if any(life.begin <= one.began and one.ended + kOnDisk <= life.end for life in self.lives)]
        lost = [one.marker for one in must if not found[one.marker]]
        print(f"{len(exchanges)} exchanges, {len(must)} that must raise an alert, {len(found)} that did, "
              f"{len(self.lives)} agents")
        self.assertGreater(len(must), len(exchanges) // 10, "too little was heard to say anything")
        self.assertEqual(lost, [])


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    RestartTest.count = numbers[0] if numbers else RestartTest.count
    RestartTest.seed = numbers[1] if len(numbers) > 1 else random.randrange(1 << 32)
    print(f"{RestartTest.count} kills, seed {RestartTest.seed}", flush=True)
    unittest.main(argv=sys.argv[:1], verbosity=2)
