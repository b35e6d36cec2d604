"""An agent with as much memory as its unit allows, beside programs that say more than fits: it sheds and
counts, and goes on. With far less the kernel kills it, and what it had promised is told once."""
import os
import re
import sys
import time
import unittest

from rig.case import ProviderCase, chat
from rig.cgroup import MemoryCgroup
from rig.child import RigError, run
from rig.clients import OPENAI, SdkClient
from rig.collector import Agent, Collector
from rig.leak import github_token
from rig.local_agent import LocalAgent
from rig.provider import script
from rig.sonde import sonde

UNIT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../systemd/sonde-agent.service")
kMiB = 1 << 20


def unit_memory():
    with open(UNIT, encoding="utf-8") as file:
        return int(re.search(r"^MemoryMax=(\d+)M$", file.read(), re.M)[1]) * kMiB


class MemoryTest(ProviderCase):
    def cgroup(self, limit_bytes):
        cgroup = MemoryCgroup(limit_bytes)
        self.addCleanup(cgroup.close)
        return cgroup

    def flood(self, connections, mebibytes):
        path = self.world.path
        program = self.world.start([sys.executable, script("flood.py"), self.world.address, path("provider.crt"), path("provider.key"),
                                    path("ca.crt"), connections, mebibytes])
        self.addCleanup(program.kill)
        program.wait_until(lambda: "sent" in program.said(), "'sent'", 120)
        return program

    def leak(self):
        name = f"deploy{time.monotonic_ns()}"
        self.provider.answer(name, content=f"Use {github_token(seed=hash(name))} for it.")
        client = SdkClient(self.world, OPENAI)
        self.addCleanup(client.close)
        client.call(OPENAI, chat(f"How do I {name}?"))
        return client.pid

    def counter(self, agent, name):
        return int(re.search(rf"^sonde_{name}_total (\d+)$", agent.metrics(), re.M)[1])

    @staticmethod
    def of(collector, pid):
        alerts = [collector.alert(item["uid"]) for item in collector.alerts(alert="credential.response")]
        return [one for one in alerts if one["ocsf"]["actor"]["process"]["pid"] == pid]

    @staticmethod
    def is_heard(agent, pid):
        """Not for as long as the queue is full of the flood."""
        try:
            return agent.alerts(lambda alert, own: alert["actor"]["process"]["pid"] == pid, timeout=3)
        except RigError:
            return None

    def until(self, condition, seconds=30):
        end = time.monotonic() + seconds
        while not (answer := condition()):
            self.assertLess(time.monotonic(), end, "not within the time")
            time.sleep(0.1)
        return answer

    def test_more_than_fits_is_shed_and_counted(self):
        limit = unit_memory()
        cgroup = self.cgroup(limit)
        agent = LocalAgent(self.world, {}, "bounded")
        agent.start(cgroup.within())
        self.addCleanup(agent.child.kill)
        flood = self.flood(40, 16)  # 1,280 MiB: both ends are heard
        self.until(lambda: self.is_heard(agent, self.leak()), 60)
        reasons = ("bytes_lost_queue_full", "bytes_lost_ring_full")
        # Not all of it: a connection whose beginning was lost is no HTTP, and the kernel is told to leave it.
        self.until(lambda: sum(self.counter(agent, name) for name in ("bytes_captured", *reasons)) > 1.5 * limit)
        evicted = self.counter(agent, "connections_evicted")
        heard = self.counter(agent, "bytes_captured")
        lost = sum(self.counter(agent, name) for name in reasons)
        print(f"peak {cgroup.peak_bytes() // kMiB} of {limit // kMiB} MiB, {heard // kMiB} MiB heard, {lost // kMiB} lost, "
              f"{evicted} connections given up")
        self.assertGreater(evicted, 0)
        self.assertEqual(cgroup.kills(), 0)
        self.assertLess(cgroup.peak_bytes(), limit)
        flood.kill()
        self.assertEqual(agent.stop(), 0)

    def test_killed_by_the_kernel_nothing_promised_is_lost_or_doubled(self):
        collector = Collector(self.world)
        collector.start()
        agent = Agent(self.world, collector)
        self.assertEqual(collector.child.stop(), 0)  # so that the alert waits
        cgroup = self.cgroup(96 * kMiB)
        agent.start(within=cgroup.within())
        pid = self.leak()
        self.until(lambda: f'"pid":{pid}' in run([sonde(), "spool", "--config", agent.config, "--records"]).decode())
        flood = self.flood(40, 16)
        self.assertNotEqual(agent.child.wait(30), 0)
        self.assertGreaterEqual(cgroup.kills(), 1)
        flood.kill()
        agent.start()  # as the unit's Restart= does
        collector.start()
        after = self.leak()
        for who in (pid, after):
            self.assertEqual(len(self.until(lambda who=who: self.of(collector, who))), 1)
        self.assertEqual(agent.child.stop(), 0)
        self.assertEqual([len(self.of(collector, who)) for who in (pid, after)], [1, 1])


if __name__ == "__main__":
    unittest.main(verbosity=2)
