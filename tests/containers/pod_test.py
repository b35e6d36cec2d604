"""Containers with Kubernetes' cgroups, made by runc, and a kubelet behind TLS: `sonde trace --json` and
the agent's alerts name container, image, pod, namespace and labels; what the scope denies is not told;
a kubelet that cannot prove who it is learns nothing.

pod_test.py SONDE_BINARY. Needs root and runc.
"""
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "clients"))
from rig.leak import github_token
from runc import Container, make_rootfs
from servers import Kubelet, Server, make_authority

TASKS = Path("/run/containerd/io.containerd.runtime.v2.task/k8s.io")
TOKEN = "a-service-account-token"
WAIT_SECONDS = 20


class Sonde:
    """A running `sonde`; its lines of output."""

    def __init__(self, *arguments, environment=None):
        self.errors = tempfile.NamedTemporaryFile("w+")
        self.output = tempfile.NamedTemporaryFile("w+")
        self.process = subprocess.Popen([sys.argv[1], *arguments], stdout=self.output, stderr=self.errors,
                                        env={**os.environ, **(environment or {})})
        self.wait_for(lambda: "listening:" in self.said(), "listening")

    def said(self):
        return Path(self.errors.name).read_text()

    def wait_for(self, condition, what, seconds=WAIT_SECONDS):
        end = time.monotonic() + seconds
        while not (answer := condition()):
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError(f"no {what}; sonde said: {self.said()[-2000:]}")
            time.sleep(0.1)
        return answer

    def lines(self):
        return [json.loads(line) for line in Path(self.output.name).read_text().split("\n")[:-1]]

    def stop(self):
        self.process.send_signal(signal.SIGINT if "trace" in self.process.args else signal.SIGTERM)
        self.process.wait(30)


class Pod:
    """One container of a pod, as the runtime and the kubelet both know it."""

    def __init__(self, test, namespace, labels, systemd=False):
        self.namespace, self.name, self.labels = namespace, f"agent-{secrets.token_hex(3)}", labels
        self.uid, self.id = str(uuid.uuid4()), secrets.token_hex(32)
        self.image = "registry.example/agent:2"
        if systemd:
            path = (f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod"
                    f"{self.uid.replace('-', '_')}.slice/cri-containerd-{self.id}.scope")
        else:
            path = f"/kubepods/burstable/pod{self.uid}/{self.id}"
        test.kubelet.add_pod(namespace, self.name, self.uid, labels, "main", self.id, self.image)
        bundle = TASKS / self.id
        test.addCleanup(lambda: subprocess.run(["rm", "-rf", bundle], check=True))
        self.container = Container(bundle, test.rootfs, self.id, path, {
            "io.kubernetes.cri.container-type": "container",
            "io.kubernetes.cri.container-name": "main",
            "io.kubernetes.cri.image-name": self.image,
            "io.kubernetes.cri.sandbox-name": self.name,
            "io.kubernetes.cri.sandbox-namespace": namespace})

    def ask(self, url, text):
        body = json.dumps({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}]})
        code, output = self.container.run(
            ["/usr/bin/curl", "-sSk", "--fail", "-H", "Content-Type: application/json", "-d", body,
             f"{url}/v1/chat/completions"])
        if code != 0:
            raise AssertionError(f"the client in the container failed: {output}")


class PodTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        folder = cls.folder.name
        authority = make_authority(folder)
        cls.ca = authority[0]
        cls.other_ca = make_authority(folder, "other")[0]
        cls.rootfs = make_rootfs(f"{folder}/rootfs", ["/usr/bin/curl"])
        cls.model = Server(*authority)
        cls.token = f"{folder}/token"
        Path(cls.token).write_text(TOKEN + "\n")
        cls.authority = authority

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        self.kubelet = Kubelet(*self.authority, TOKEN)

    def kubernetes(self, ca=None):
        return {"kubelet": self.kubelet.url, "ca": ca or self.ca, "token_file": self.token}

    def environment(self, ca=None):
        return {f"SONDE_KUBERNETES_{key.upper()}": value for key, value in self.kubernetes(ca).items()}

    def start(self, *arguments, environment=None):
        sonde = Sonde(*arguments, environment=environment)
        self.addCleanup(sonde.stop)
        return sonde

    def warm_up(self, text, is_heard):
        """The image's files are new to Sonde, which looks at them when they first run. That a first
        request is heard is another test's (tests/kernel/stress.py). Returns the pod."""
        for _ in range(10):
            pod = Pod(self, "warm-up", {})
            pod.ask(self.model.url, text)
            for _ in range(20):
                if is_heard():
                    return pod
                time.sleep(0.1)
        raise AssertionError("the image is not heard")

    @staticmethod
    def heard_in(trace, text):
        return [one for one in trace.lines() if one["capture"]["side"] == "client"
                and text in json.dumps(one.get("gen_ai.input.messages"))]

    def exchange_of(self, trace, text):
        return trace.wait_for(lambda: self.heard_in(trace, text), f"exchange '{text}'")[0]

    def test_trace_names_container_pod_and_labels(self):
        trace = self.start("trace", "--json", environment=self.environment())
        self.warm_up("warm-up", lambda: self.heard_in(trace, "warm-up"))
        asked = len(self.kubelet.requests)
        for systemd in (False, True):
            pod = Pod(self, "shop", {"app": "agent", "tier": "ai"}, systemd)
            text = f"hello from {pod.name}"
            pod.ask(self.model.url, text)
            exchange = self.exchange_of(trace, text)
            self.assertEqual(exchange["container"], {"id": pod.id, "name": "main", "image": pod.image,
                                                     "runtime": "containerd"})
            self.assertEqual(exchange["k8s"], {"namespace": "shop", "pod": pod.name, "container": "main",
                                               "node": "node-4", "pod_uid": pod.uid, "labels": pod.labels})
            self.assertEqual(exchange["process"]["exe"], "/usr/bin/curl")
        self.assertEqual(len(self.kubelet.requests) - asked, 2)  # once for each new pod

    def agent(self, deny):
        folder = tempfile.mkdtemp(dir=self.folder.name)
        alerts = Path(folder, "alerts.jsonl")
        config = {"state_directory": f"{folder}/state", "sinks": {"file": {"path": str(alerts)}},
                  "metrics": {"listen": ""}, "capture": {"deny": deny}, "kubernetes": self.kubernetes()}
        path = Path(folder, "sonde.yaml")
        path.write_text(json.dumps(config))
        path.chmod(0o600)
        agent = self.start("agent", "--config", str(path))

        def read():
            return [json.loads(line) for line in alerts.read_text().splitlines()] if alerts.exists() else []
        # The model is on this host too, and hears the same.
        return agent, lambda: [one for one in read() if one["finding_info"]["types"] == ["credential.prompt"]
                               and one["actor"]["process"]["name"] == "curl"]

    def test_an_alert_names_the_pod_and_denied_pods_raise_none(self):
        agent, alerts = self.agent({"namespaces": ["private"], "pod_labels": ["hear=never"]})
        known = self.warm_up(f"my key is {github_token(3)}", alerts)
        denied = [Pod(self, "private", {"app": "x"}), Pod(self, "shop", {"hear": "never"})]
        for pod in denied:
            pod.ask(self.model.url, f"my key is {github_token(1)}")
        pod = Pod(self, "shop", {"app": "agent"})
        pod.ask(self.model.url, f"my key is {github_token(2)}")

        def of_pod():
            return [one for one in alerts() if one["unmapped"]["sonde"].get("k8s", {}).get("pod") == pod.name]
        alert = agent.wait_for(of_pod, "alert")[0]
        agent.stop()
        pods = {one["unmapped"]["sonde"]["k8s"]["pod"] for one in alerts()}
        self.assertEqual(pods, {known.name, pod.name})
        self.assertEqual(alert["unmapped"]["sonde"]["k8s"]["labels"], {"app": "agent"})
        self.assertEqual(alert["unmapped"]["sonde"]["k8s"]["namespace"], "shop")
        self.assertEqual(alert["container"]["uid"], pod.id)
        self.assertEqual(alert["container"]["image"]["name"], pod.image)
        self.assertEqual(alert["container"]["pod_uuid"], pod.uid)

    def test_a_kubelet_of_another_authority_learns_nothing(self):
        trace = self.start("trace", "--json", environment=self.environment(ca=self.other_ca))
        self.warm_up("warm-up", lambda: self.heard_in(trace, "warm-up"))
        pod = Pod(self, "shop", {"app": "agent"})
        pod.ask(self.model.url, f"hello from {pod.name}")
        exchange = self.exchange_of(trace, f"hello from {pod.name}")
        self.assertEqual(exchange["k8s"]["pod"], pod.name)  # by the runtime's annotations
        self.assertNotIn("labels", exchange["k8s"])
        self.assertEqual(self.kubelet.requests, [])
        self.assertIn("pods have no labels until the kubelet answers", trace.said())

    def test_a_kubelet_that_hangs_holds_up_no_stop(self):
        agent, alerts = self.agent({})
        self.warm_up(f"my key is {github_token(4)}", alerts)
        self.kubelet.hangs = True
        asked = len(self.kubelet.requests)
        pod = Pod(self, "shop", {"app": "agent"})
        pod.ask(self.model.url, f"my key is {github_token(5)}")
        agent.wait_for(lambda: len(self.kubelet.requests) > asked, "question to the kubelet")
        began = time.monotonic()
        agent.stop()
        # What an answer may take, 5 s, is not waited for; the rest of a stop on a busy machine is.
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(agent.process.returncode, 0)
        told = [one["unmapped"]["sonde"]["k8s"] for one in alerts()]
        self.assertIn(pod.name, [k8s["pod"] for k8s in told])  # as the runtime's annotations name it


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
