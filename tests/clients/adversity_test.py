"""What goes wrong around an agent gets a sentence that names it, or costs what the documents say and is
counted; nothing that waits for the collector is lost."""
import os
import re
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request

from rig.case import chat
from rig.child import Child, run
from rig.clients import OPENAI, SdkClient
from rig.collector import Agent, Collector, free_port
from rig.leak import github_token
from rig.provider import Provider
from rig.sonde import sonde
from rig.world import World

kPowerless = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]


def ended(command, **options):
    """Exit code and error output of a program that is to end by itself."""
    done = subprocess.run(command, capture_output=True, timeout=60, text=True, **options)
    return done.returncode, done.stderr


class RefusalTest(unittest.TestCase):
    """The agent cannot start: it says why and what to do, and with which code."""

    def test_no_permission(self):
        with self.subTest("trace"):
            code, said = ended([*kPowerless, sonde(), "trace", "--duration", "1"])
            self.assertEqual(code, 1)
            self.assertRegex(said, r"run as root or with CAP_BPF, CAP_PERFMON")
        with self.subTest("agent"):
            code, said = ended([*kPowerless, sonde(), "agent", "--set", "state_directory=/var/lib/nobody-may"])
            self.assertEqual(code, 1)
            self.assertRegex(said, r"'/var/lib/nobody-may': Permission denied")

    def test_a_kernel_without_btf(self):
        code, said = ended(["unshare", "--mount", "--propagation", "private", "sh", "-c",
                            'mount -t tmpfs none /sys/kernel/btf && exec "$@"', "sh", sonde(), "trace", "--duration", "1"])
        self.assertEqual(code, 1)
        self.assertRegex(said, r"no BTF .*CONFIG_DEBUG_INFO_BTF")

    def test_broken_configuration(self):
        for text, message in (("capture:\n  allow: [\n", r":\d+:\d+: "), ("captur: {}\n", r":1:1: unknown key 'captur'"),
                              ("metrics:\n  listen: here\n", r":2: 'metrics.listen' must be")):
            with self.subTest(text):
                path = os.path.join(self.folder(), "broken.yaml")
                with open(path, "w") as file:
                    file.write(text)
                code, said = ended([sonde(), "agent", "--config", path])
                self.assertEqual(code, 2)
                self.assertRegex(said, re.escape(path) + message)

    def test_a_second_agent_in_the_same_directory(self):
        settings = self.settings()
        first = Child([sonde(), "agent", *settings])
        self.addCleanup(first.kill)
        first.wait_for_error_line("listening", 60)
        code, said = ended([sonde(), "agent", *settings])
        self.assertEqual(code, 1)
        self.assertRegex(said, r"in use by another process")

    def test_without_its_port_it_goes_on_without_metrics(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            address = f"127.0.0.1:{listener.getsockname()[1]}"
            agent = Child([sonde(), "agent", *self.settings(), "--set", f"metrics.listen={address}"])
            self.addCleanup(agent.kill)
            agent.wait_for_error_line("listening", 60)
            agent.wait_for_error_line(f"no metrics: cannot serve metrics on {address}: Address already in use", 10)
            self.assertEqual(agent.stop(), 0)

    def settings(self):
        """Of an agent whose collector is not there."""
        folder = self.folder()
        token = os.path.join(folder, "token")
        with open(token, "w") as file:
            os.chmod(token, 0o600)
            file.write("nothing\n")
        return [word for setting in (f"state_directory={folder}", "metrics.listen=", "collector.url=https://127.0.0.1:1",
                                     f"collector.token_file={token}") for word in ("--set", setting)]

    def folder(self):
        folder = tempfile.TemporaryDirectory(prefix="sonde-adversity-")
        self.addCleanup(folder.cleanup)
        return folder.name


class DeliveryTest(unittest.TestCase):
    """The agent runs, but cannot deliver or store."""

    def setUp(self):
        self.world = World()  # with a collector and an agent of its own
        self.addCleanup(self.world.close)
        self.provider = Provider(self.world)
        self.collector = Collector(self.world)
        self.metrics_port = free_port()

    def leak(self, name):
        """One exchange whose answer leaks a key of its own."""
        self.provider.answer(name, content=f"Use {github_token(seed=hash(name))} for it.")
        client = SdkClient(self.world, OPENAI)
        self.addCleanup(client.close)
        client.call(OPENAI, chat(f"How do I {name}?"))
        return client.pid

    def counter(self, name):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=10) as reply:
            text = reply.read().decode()
        found = re.search(rf"^sonde_{name}_total (\d+)$", text, re.M)
        self.assertIsNotNone(found, name)
        return int(found[1])

    def write(self, agent, **changes):
        with open(agent.config) as file:
            text = file.read()
        for old, new in changes.values():
            self.assertIn(old, text)
            text = text.replace(old, new)
        with open(agent.config, "w") as file:
            file.write(text)

    def test_a_wrong_authority_keeps_the_alerts_until_it_is_put_right(self):
        self.collector.start()
        agent = Agent(self.world, self.collector)
        with open(agent.config, "a") as file:
            file.write(f"metrics: {{listen: '127.0.0.1:{self.metrics_port}'}}\n")
        wrong = self.world.path("ca.crt")
        self.write(agent, ca=(f"  ca: {self.collector.ca}", f"  ca: {wrong}"))
        agent.start()
        pid = self.leak("deploy")
        agent.child.wait_for_error_line("certificate", 30)
        self.assertEqual(self.collector.alerts(alert="credential.response"), [])
        self.assertEqual(agent.child.stop(), 0)
        self.write(agent, ca=(f"  ca: {wrong}", f"  ca: {self.collector.ca}"))
        agent.start()
        self.assertEqual(len(self.until(lambda: self.of(pid))), 1, "delivered once the authority was right")
        self.assertEqual(self.counter("spool_dropped"), 0)

    def test_a_full_disk_is_said_and_counted_and_the_agent_goes_on(self):
        self.collector.start()
        agent = Agent(self.world, self.collector)
        self.assertEqual(self.collector.child.stop(), 0)  # so that all is spooled
        spool = os.path.join(agent.folder, "spool")
        os.makedirs(spool, mode=0o700, exist_ok=True)
        run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "none", spool])
        self.addCleanup(run, ["umount", "--lazy", spool])
        with open(agent.config, "a") as file:
            file.write(f"metrics: {{listen: '127.0.0.1:{self.metrics_port}'}}\n")
        agent.start()
        for i in range(40):
            self.leak(f"fill{i}")
            if self.counter("spool_dropped") > 0:
                break
        self.assertGreater(self.counter("spool_dropped"), 0)
        agent.child.wait_for_error_line("No space left on device", 10)
        run(["mount", "-o", "remount,size=8m", spool])
        pid = self.leak("afterwards")
        self.collector.start()
        self.until(lambda: self.of(pid))
        self.assertEqual(agent.child.stop(), 0)

    def of(self, pid):
        return [one for one in map(lambda item: self.collector.alert(item["uid"]), self.collector.alerts(alert="credential.response"))
                if one["ocsf"]["actor"]["process"]["pid"] == pid]

    def until(self, condition, seconds=30):
        end = time.monotonic() + seconds
        while not (answer := condition()):
            self.assertLess(time.monotonic(), end, "not within the time")
            time.sleep(0.1)
        return answer


if __name__ == "__main__":
    unittest.main(verbosity=2)
