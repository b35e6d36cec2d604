"""Containers made by runc itself, with any cgroup and any annotations: what Kubernetes' runtimes do,
without them. Each has a root file system of its own, so its libraries are other files than the host's.
"""
import json
import re
import shutil
import subprocess
from pathlib import Path


def closure(programs):
    """The programs and every library they are linked with."""
    files = set()
    for program in programs:
        files.add(program)
        listed = subprocess.run(["ldd", program], capture_output=True, text=True)
        files.update(re.findall(r"/[^ )]*", listed.stdout))
    return sorted(files)


def make_rootfs(folder, programs):
    """A root file system with the programs, a shell and nothing else."""
    for name in ("proc", "sys", "dev", "tmp", "etc", "usr/bin", "usr/sbin", "usr/lib", "usr/lib64"):
        Path(folder, name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        Path(folder, name).symlink_to(f"usr/{name}")
    for file in closure([*programs, "/bin/busybox"]):
        target = Path(folder, file.lstrip("/"))
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copy(Path(file).resolve(), target)
    Path(folder, "usr/bin/sh").symlink_to("busybox")
    return folder


def base_config(folder):
    """`runc spec`, without what a host without CAP_SYS_RESOURCE refuses, in the host's network."""
    subprocess.run(["runc", "spec", "-b", str(folder)], check=True)
    config = json.loads(Path(folder, "config.json").read_text())
    config["process"].pop("rlimits", None)
    config["process"]["terminal"] = False
    config["linux"]["namespaces"] = [n for n in config["linux"]["namespaces"] if n["type"] != "network"]
    config["root"]["readonly"] = False
    return config


class Container:
    """A bundle; run() runs one command in it to its end, start() goes on."""

    def __init__(self, bundle, rootfs, name, cgroup, annotations=None, config=None):
        self.bundle, self.name = Path(bundle), name
        self.bundle.mkdir(parents=True, exist_ok=True)
        self.config = config or base_config(self.bundle)
        self.config["root"]["path"] = str(rootfs)
        self.config["linux"]["cgroupsPath"] = cgroup
        self.config["annotations"] = annotations or {}
        self.process = None

    def write(self, command, environment=()):
        self.config["process"]["args"] = [str(word) for word in command]
        self.config["process"]["env"] = ["PATH=/usr/bin:/bin", *environment]
        (self.bundle / "config.json").write_text(json.dumps(self.config))

    def run(self, command, timeout=60):
        """Exit code and output."""
        self.write(command)
        done = subprocess.run(["runc", "run", "-b", str(self.bundle), self.name], capture_output=True,
                              text=True, timeout=timeout, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout + done.stderr

    def start(self, command, environment=(), log=None):
        self.write(command, environment)
        self.process = subprocess.Popen(["runc", "run", "-b", str(self.bundle), self.name],
                                        stdin=subprocess.DEVNULL, stdout=log or subprocess.DEVNULL,
                                        stderr=subprocess.STDOUT)

    def stop(self, grace=20):
        """Ends the container as a runtime does: SIGTERM, then what it takes."""
        subprocess.run(["runc", "kill", self.name, "TERM"], capture_output=True)
        try:
            return self.process.wait(grace)
        except subprocess.TimeoutExpired:
            subprocess.run(["runc", "kill", self.name, "KILL"], capture_output=True)
            return self.process.wait(grace)
        finally:
            subprocess.run(["runc", "delete", "-f", self.name], capture_output=True)
