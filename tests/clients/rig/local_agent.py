"""A `sonde agent` without a collector: its alerts come as lines of JSON on its standard output."""
import json
import os
import shutil
import signal
import time
import urllib.request

from rig.collector import free_port
from rig.sonde import sonde


class LocalAgent:
    def __init__(self, world, settings=None, name="agent"):
        """`settings`: sections of the configuration beside those that the rig needs."""
        self._world = world
        self.folder = world.path(name)
        self.config_path = world.path(f"{name}.yaml")
        self._alerts = []
        self.child = None
        self._port = free_port()
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        self.configure(settings or {})

    def configure(self, settings):
        config = {"state_directory": self.folder, "sinks": {"stdout": True},
                  "metrics": {"listen": f"127.0.0.1:{self._port}"}, **settings}
        with open(self.config_path, "w", encoding="utf-8") as file:
            os.chmod(self.config_path, 0o600)
            file.write(json.dumps(config, indent=1))  # YAML is a superset

    def start(self, within=()):
        """`within`: a command that ends by executing the one it is given."""
        command = [*within, sonde(), "agent", "--config", self.config_path]
        self.child = self._world.start(command, on_line=self._on_line)
        self.child.wait_for_error_line("listening", 60)

    def _on_line(self, line):
        self._alerts.append(json.loads(line))

    def alerts(self, wanted, count=1, timeout=20.0):
        """The alerts for which `wanted(alert, own facts)` holds, once there are `count` of them."""
        def matching():
            return [one for one in list(self._alerts) if wanted(one, one["unmapped"]["sonde"])]
        self.child.wait_until(lambda: len(matching()) >= count, f"{count} alerts", timeout)
        return matching()

    def so_far(self, wanted=lambda alert, own: True):
        return [one for one in list(self._alerts) if wanted(one, one["unmapped"]["sonde"])]

    def reload(self, timeout=30.0):
        before = len([line for line in self.child.errors() if "configuration" in line])
        self.child.process.send_signal(signal.SIGHUP)
        self.child.wait_until(lambda: len([line for line in self.child.errors() if "configuration" in line]) > before,
                              "word about the configuration", timeout)

    def metrics(self):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{self._port}/metrics", timeout=10) as reply:
            return reply.read().decode()

    def stop(self):
        return self.child.stop()

    def forget(self):
        """A host that never ran an agent."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder, mode=0o700)
