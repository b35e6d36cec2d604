"""The agent's container as a node's containerd would make it of the DaemonSet in
packaging/kubernetes/base: capabilities, privileges, read-only root, containerd's own default seccomp
profile, the host's processes, and the volumes.
"""
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).parents[2]
IMAGE = "registry.example/sonde"
# What containerd gives to a container that asks for nothing.
DEFAULT_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID",
                        "SETFCAP", "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE")

# <linux/capability.h>
CAPABILITY_BITS = {"CAP_DAC_READ_SEARCH": 2, "CAP_SYS_PTRACE": 19, "CAP_SYS_RESOURCE": 24, "CAP_PERFMON": 38,
                   "CAP_BPF": 39, "CAP_CHECKPOINT_RESTORE": 40}


def pod_spec():
    manifest = REPOSITORY / "packaging/kubernetes/base/agent/daemonset.yaml"
    return yaml.safe_load(manifest.read_text())["spec"]["template"]["spec"]


class Containerd:
    """A containerd of the test's own: asked for the container's specification, it starts nothing."""

    def __init__(self, folder):
        self.address = f"{folder}/containerd.sock"
        self.process = subprocess.Popen(
            ["containerd", "--config", "/dev/null", "--root", f"{folder}/root", "--state", f"{folder}/state",
             "--address", self.address], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            if os.path.exists(self.address):
                return
            time.sleep(0.1)
        raise SystemExit("containerd does not start")

    def ctr(self, *arguments):
        return subprocess.run(["ctr", "-a", self.address, *arguments], check=True, capture_output=True, text=True).stdout

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def specification(archive, context):
    """The OCI runtime specification for the image with a container's securityContext."""
    with tempfile.TemporaryDirectory() as folder:
        containerd = Containerd(folder)
        try:
            containerd.ctr("images", "import", str(archive))
            image = containerd.ctr("images", "ls", "-q").split()[0]
            options = ["--seccomp"] if context["seccompProfile"]["type"] == "RuntimeDefault" else []
            if context["readOnlyRootFilesystem"]:
                options.append("--read-only")
            if context["allowPrivilegeEscalation"]:
                options.append("--allow-new-privs")
            assert context["capabilities"]["drop"] == ["ALL"] and not context["privileged"]
            for name in DEFAULT_CAPABILITIES:
                options += ["--cap-drop", f"CAP_{name}"]
            for name in context["capabilities"]["add"]:
                options += ["--cap-add", f"CAP_{name}"]
            containerd.ctr("containers", "create", "--snapshotter", "native", *options, image, "agent")
            spec = json.loads(containerd.ctr("containers", "info", "agent"))["Spec"]
        finally:
            containerd.stop()
    return spec


def host_has(capability):
    """Whether this machine can give it: a virtual machine may lack CAP_SYS_RESOURCE."""
    status = Path("/proc/self/status").read_text()
    bounding = int(status.partition("CapBnd:")[2].split()[0], 16)
    return bool(bounding >> CAPABILITY_BITS[capability] & 1)


def agent_config(spec, rootfs, pod, sources):
    """`spec` on an unpacked image, with the pod's namespaces and `sources` {volume: folder} mounted."""
    spec["root"]["path"] = str(rootfs)
    spec["process"]["terminal"] = False
    spec["process"].pop("rlimits", None)
    spec["process"].pop("oomScoreAdj", None)
    for kind, names in spec["process"]["capabilities"].items():
        spec["process"]["capabilities"][kind] = [name for name in names if host_has(name)]
    if pod["hostPID"]:
        spec["linux"]["namespaces"] = [n for n in spec["linux"]["namespaces"] if n["type"] != "pid"]
    container = pod["containers"][0]
    kinds = {volume["name"]: volume for volume in pod["volumes"]}
    for mount in container["volumeMounts"]:
        if mount["name"] in sources:
            spec["mounts"].append({"destination": mount["mountPath"], "type": "bind",
                                   "source": str(sources[mount["name"]]),
                                   "options": ["rbind", "ro" if mount.get("readOnly") else "rw"]})
        else:
            size = kinds[mount["name"]]["emptyDir"]["sizeLimit"]
            spec["mounts"].append({"destination": mount["mountPath"], "type": "tmpfs", "source": "tmpfs",
                                   "options": ["nosuid", "nodev", f"size={size.replace('Mi', 'm')}"]})
    return spec
