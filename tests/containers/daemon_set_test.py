"""The image of scripts/build_image.sh with exactly the DaemonSet's security context hears a client in
another container; without any one of its capabilities it says which one is missing.

daemon_set_test.py BIN_DIRECTORY. Needs root, runc, containerd, umoci.
"""
import copy
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
import unittest
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "clients"))
from daemon_set import REPOSITORY, agent_config, pod_spec, specification
from rig.leak import github_token
from runc import Container, make_rootfs
from servers import Server, make_authority

WAIT_SECONDS = 60


class DaemonSetTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        folder = cls.folder = Path(cls.temporary.name)
        subprocess.run([REPOSITORY / "scripts/build_image.sh", sys.argv[1], folder], check=True,
                       stdout=subprocess.DEVNULL)
        archive = folder / "sonde.oci.tar"
        subprocess.run(["skopeo", "copy", "--quiet", f"oci-archive:{archive}", f"oci:{folder}/layout:test"], check=True)
        subprocess.run(["umoci", "unpack", "--image", f"{folder}/layout:test", f"{folder}/unpacked"], check=True,
                       capture_output=True)
        cls.pod = pod_spec()
        cls.spec = specification(archive, cls.pod["containers"][0]["securityContext"])
        cls.client_rootfs = make_rootfs(f"{folder}/client", ["/usr/bin/curl"])
        cls.model = Server(*make_authority(folder))

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def agent(self, settings, command=None, without=None):
        """The agent's container, not started."""
        name = f"sonde-{secrets.token_hex(4)}"
        folder = self.folder / name
        sources = {"config": folder / "config", "state": folder / "state"}
        for source in sources.values():
            source.mkdir(parents=True)
        (sources["config"] / "sonde.yaml").write_text(json.dumps(settings))
        (sources["config"] / "sonde.yaml").chmod(0o600)
        config = agent_config(copy.deepcopy(self.spec), self.folder / "unpacked/rootfs", self.pod, sources)
        if without:
            for names in config["process"]["capabilities"].values():
                names[:] = [name for name in names if name != f"CAP_{without}"]
        uid = uuid.uuid4()
        container = Container(folder / "bundle", config["root"]["path"], name,
                              f"/kubepods/burstable/pod{uid}/{secrets.token_hex(32)}", config=config)
        self.addCleanup(lambda: subprocess.run(["runc", "delete", "-f", name], capture_output=True))
        return container, command or ["/usr/bin/sonde", *self.pod["containers"][0]["args"]], folder

    def ask(self, text):
        """A client in a container of its own, in another pod."""
        name = secrets.token_hex(32)
        client = Container(self.folder / name, self.client_rootfs, name, f"/kubepods/besteffort/pod{uuid.uuid4()}/{name}")
        body = json.dumps({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}]})
        code, output = client.run(["/usr/bin/curl", "-sSk", "--fail", "-H", "Content-Type: application/json", "-d", body,
                                   f"{self.model.url}/v1/chat/completions"])
        self.assertEqual(code, 0, output)
        return name

    def test_the_image_hears_a_client_in_another_container(self):
        settings = {"sinks": {"file": {"path": "/var/lib/sonde/alerts.jsonl"}}, "metrics": {"listen": "0.0.0.0:9464"}}
        container, command, folder = self.agent(settings)
        log = folder / "log"
        with log.open("w") as output:
            container.start(command, log=output)
        self.addCleanup(container.stop)
        self.wait(lambda: "listening:" in log.read_text(), log)
        self.ask("the image runs for the first time: its files are new")
        time.sleep(3)
        client = self.ask(f"my key is {github_token(7)}")
        alerts = folder / "state/alerts.jsonl"

        def of_client():
            lines = alerts.read_text().splitlines() if alerts.exists() else []
            return [one for one in map(json.loads, lines) if one.get("container", {}).get("uid") == client]
        found = self.wait(of_client, log)
        self.assertEqual(found[0]["actor"]["process"]["name"], "curl")
        self.assertNotIn("without CAP", "".join(line for line in log.read_text().splitlines()
                                                if "CAP_SYS_RESOURCE" not in line))
        subprocess.run(["runc", "kill", container.name, "TERM"], check=True)
        self.assertEqual(container.process.wait(30), 0, log.read_text())

    def wait(self, condition, log):
        end = time.monotonic() + WAIT_SECONDS
        while not (answer := condition()):
            self.assertLess(time.monotonic(), end, log.read_text())
            time.sleep(0.2)
        return answer

    def test_each_missing_capability_is_named(self):
        for name in self.pod["containers"][0]["securityContext"]["capabilities"]["add"]:
            container, command, _ = self.agent({}, ["/usr/bin/sonde", "doctor"], without=name)
            container.write(command)
            done = subprocess.run(["runc", "run", "-b", str(container.bundle), container.name], capture_output=True,
                                  text=True, timeout=120, stdin=subprocess.DEVNULL)
            said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if f"CAP_{name}" in line]
            print(f"{name:<20} exit {done.returncode}  {said[0] if said else ''}", flush=True)
            unneeded = name == "SYS_RESOURCE" and tuple(map(int, os.uname().release.split(".")[:2])) >= (5, 11)
            wanted = "not needed on this kernel" if unneeded else "without it"
            self.assertTrue(any(wanted in line for line in said), done.stdout + done.stderr)
            self.assertEqual(done.returncode, 1 if name in ("BPF", "PERFMON") else 0)


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("daemon_set_test.py: must run as root")
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
