"""The time of day is set under a running agent and collector: a day forward, then to an hour before now.
Every alert is told once, with the time that the host calls it; credentials keep what they promise."""
import json
import shutil
import ssl
import time
import unittest
import urllib.error
import urllib.request

from rig.case import ProviderCase, chat
from rig.clients import OPENAI, SdkClient
from rig.clock import Clock
from rig.collector import Agent, Collector
from rig.leak import github_token
from rig.provider import Provider, node

kDay = 86_400
kHour = 3_600
kNoticed = 1.0  # the agent looks at the clock five times a second


class ClockTest(ProviderCase):
    @classmethod
    def make_provider(cls):
        """By a file of its own, which the agent does not hear: one alert for each key."""
        binary = cls.world.path("provider-node")
        shutil.copy(node(), binary)
        return Provider(cls.world, binary=binary)

    def setUp(self):
        self.clocks = [Clock(self.world, "collector"), Clock(self.world, "agent")]
        self.collector = Collector(self.world)
        self.collector.start(env=self.clocks[0].environment)
        self.agent = Agent(self.world, self.collector, heartbeat_seconds=5, deny=["*/provider-node"])
        self.start_agent()
        self.client = SdkClient(self.world, OPENAI)
        self.addCleanup(self.client.close)
        self.leaks = 0

    def start_agent(self):
        self.agent.start(env=self.clocks[1].environment)

    def set_clocks(self, seconds):
        for clock in self.clocks:
            clock.set(seconds)
        time.sleep(kNoticed)

    def leak(self, key, times=1):
        """Answers that hold a key; the one alert of them, once it is stored."""
        for _ in range(times):
            self.leaks += 1
            marker = f"leak{self.leaks}x"
            self.provider.answer(marker, content=f"Use {github_token(seed=key)} for it.")
            self.client.call(OPENAI, chat(f"How do I {marker}?"))
        end = time.monotonic() + 30
        while True:
            found = [one for one in self.alerts() if one["uid"] not in self.known]
            if found:
                self.known |= {one["uid"] for one in found}
                self.assertEqual(len(found), 1)
                return found[0]
            self.assertLess(time.monotonic(), end, "the alert did not come")
            time.sleep(0.1)

    known = frozenset()

    def alerts(self):
        return self.collector.alerts(alert="credential.response")

    def is_of_now(self, alert, ahead):
        told = self.collector.alert(alert["uid"])["ocsf"]["time"] / 1000
        self.assertAlmostEqual(told, time.time() + ahead, delta=30)

    def log_in(self):
        """The cookie of a session of the portal."""
        body = json.dumps({"username": "mira", "password": self.collector.password}).encode()
        with self.ask("/api/v1/sessions", body, {"Content-Type": "application/json"}) as reply:
            return reply.headers["Set-Cookie"].split(";")[0]

    def is_logged_in(self, cookie):
        try:
            with self.ask("/api/v1/me", None, {"Cookie": cookie}) as reply:
                return reply.status == 200
        except urllib.error.HTTPError as error:
            self.assertEqual(error.code, 401)
            return False

    def ask(self, path, body, headers):
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=self.collector.ca)))
        return opener.open(urllib.request.Request(self.collector.url + path, body, headers), timeout=20)

    def test_a_day_forward_and_an_hour_back(self):
        self.known = set()
        before = self.leak(key=1)
        self.is_of_now(before, 0)
        cookie = self.log_in()
        self.assertTrue(self.is_logged_in(cookie))

        with self.subTest("a day forward"):
            self.set_clocks(kDay)
            ahead = self.leak(key=2)
            self.is_of_now(ahead, kDay)
            self.assertFalse(self.is_logged_in(cookie), "a session of yesterday")
            cookie = self.log_in()

        with self.subTest("an hour before now"):
            self.set_clocks(-kHour)
            again = self.leak(key=2, times=3)  # the same secret; what was merged a day ahead is no reason
            self.is_of_now(again, -kHour)
            self.assertTrue(self.is_logged_in(cookie))
            self.assertTrue(self.is_logged_in(self.log_in()))

        with self.subTest("enrolled while the clock is behind, and started anew"):
            self.assertEqual(self.agent.child.stop(), 0)
            self.agent = Agent(self.world, self.collector, "other-host", heartbeat_seconds=5, deny=["*/provider-node"])
            self.start_agent()
            self.is_of_now(self.leak(key=3), -kHour)

        with self.subTest("nothing lost, nothing twice"):
            self.assertEqual({one["uid"] for one in self.alerts()}, self.known)
            self.assertEqual(len(self.known), 4)
            self.assertEqual(self.agent.child.stop(), 0)
            self.assertFalse([line for log in self.collector.logs for line in log.errors() if " error " in line])


if __name__ == "__main__":
    unittest.main(verbosity=2)
