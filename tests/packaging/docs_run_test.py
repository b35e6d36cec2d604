#!/usr/bin/python3
"""Runs the commands of the documents, block after block, as they stand there: with the programs of this build,
as the users of the packages, against a real collector and agent, on a host of their own (namespaces for mounts,
network and the host's name, so that nothing of this one changes).

  docs_run_test.py BIN_DIRECTORY          needs root

What stands in for a thing that is not to be had here (the service manager, a cluster) is in SHIMS; what another
test runs is in ELSEWHERE, under that test's name.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(sh|yaml)(?: (\S+))?\n(.*?)^```$", re.M | re.S)
DOCUMENTS = ("INSTALL.md", "OPERATE.md", "TROUBLESHOOTING.md", "TUNE.md", "RULES.md", "PRIVACY.md", "FAQ.md", "SIEM.md",
             "DETECTION.md", "MODEL.md")
HOST = "collector.example"
PASSWORD = "correct horse battery staple 42"
POLICY = "settings:\n  detect:\n    evidence: none\n"

# A block that begins so is run by this CTest test.
ELSEWHERE = {
    "cmake --preset release": "packaging.deb",   # scripts/run.sh and CI build; the packages come of a build
    "scripts/build_rpm.sh": "packaging.rpm",
    "scripts/build_image.sh": "packaging.image",
}

CAPABILITIES = ("bpf", "perfmon", "sys_ptrace", "dac_read_search", "checkpoint_restore", "sys_resource", "sys_admin")

SHIMS = {
    "sudo": '''user=root
if [ "$1" = -u ]; then user=$2; shift 2; fi
[ "$user" = root ] && exec "$@"
exec setpriv --reuid "$user" --regid "$user" --clear-groups -- "$@"
''',
    # The services as their units start them.
    "systemctl": '''case "$*" in
  "restart sonde-collector") stop collector
    start collector "listening on" setpriv --reuid sonde-collector --regid sonde-collector --clear-groups -- \\
      sonde-collector --config /etc/sonde-collector/collector.yaml ;;
  "restart sonde-agent") stop agent
    start agent "delivers to" setpriv --reuid sonde --regid sonde --clear-groups --inh-caps "$caps" --ambient-caps "$caps" -- \\
      sonde agent --config /etc/sonde/sonde.yaml ;;
  daemon-reload | "edit sonde-agent") ;;
  *) echo "systemctl $*?" >&2; exit 1 ;;
esac
''',
    "journalctl": 'exec cat /mnt/state/agent.log\n',
    "sysctl": '[ "$1" = --system ] && grep -q "^kernel.perf_event_paranoid=2$" /etc/sysctl.d/60-sonde.conf\n',
    # One cluster of two nodes, whose collector is the one of this host. What it is given must be well formed.
    "kubectl": '''[ "$1" = -n ] && shift 2
case "$1 $2" in
  "apply -k") [ -z "$kubectl" ] || "$kubectl" kustomize "$3" ;;
  "rollout status") ;;
  "get nodes") printf 'node/node-1\\nnode/node-2\\n' ;;
  "exec deploy/sonde-collector") shift 3; exec "$@" ;;
  "create secret") [ -z "$kubectl" ] || "$kubectl" "$@" --dry-run=client -o yaml ;;
  *) echo "kubectl $*?" >&2; exit 1 ;;
esac
''',
}
PRELUDE = '''#!/bin/bash
set -eu
stop() { if [ -f "/mnt/state/$1.pid" ]; then kill "$(cat "/mnt/state/$1.pid")"; while kill -0 "$(cat "/mnt/state/$1.pid")" 2> /dev/null; do sleep 0.1; done; fi; }
start() {  # NAME WORDS COMMAND...: in the background, until the log holds WORDS
  local name=$1 words=$2 i
  shift 2
  "$@" > "/mnt/state/$name.log" 2>&1 < /dev/null & echo $! > "/mnt/state/$name.pid"
  for i in $(seq 300); do
    grep -q "$words" "/mnt/state/$name.log" && return 0
    kill -0 "$(cat "/mnt/state/$name.pid")" 2> /dev/null || break
    sleep 0.1
  done
  cat "/mnt/state/$name.log" >&2
  return 1
}
'''


def run(*command: str, **more) -> subprocess.CompletedProcess:
    return subprocess.run(command, check=True, **more)


def effective() -> list[str]:
    """The unit's capabilities that this machine can give."""
    bits = {"dac_read_search": 2, "sys_ptrace": 19, "sys_admin": 21, "sys_resource": 24, "perfmon": 38, "bpf": 39, "checkpoint_restore": 40}
    have = int(re.search(r"^CapBnd:\s*(\w+)", pathlib.Path("/proc/self/status").read_text(), re.M)[1], 16)
    return [name for name in CAPABILITIES if have >> bits[name] & 1]


def make_host(programs: pathlib.Path) -> pathlib.Path:
    """An /etc and a /var/lib of our own, with what the packages put there; returns a folder to work in."""
    kubectl = shutil.which("kubectl") or ""
    with tempfile.TemporaryDirectory() as copy:
        run("cp", "-a", "/etc/.", copy)
        for place in ("/etc", "/var/lib", "/mnt"):
            run("mount", "-t", "tmpfs", "-o", "mode=755", "sonde-docs", place)
        run("cp", "-a", copy + "/.", "/etc")
    run("ip", "link", "set", "lo", "up")
    run("hostname", HOST)
    with open("/etc/hosts", "a", encoding="utf-8") as file:
        file.write(f"127.0.0.1 {HOST}\n")
    bin_folder, state, work = (pathlib.Path("/mnt", name) for name in ("bin", "state", "work"))
    for folder in (bin_folder, state, work):
        folder.mkdir()
    for name in ("sonde", "sonde-collector"):
        user = name
        if subprocess.run(["getent", "passwd", user], capture_output=True).returncode != 0:
            run("useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", user)
        shutil.copy(programs / name, bin_folder / name)
        run("install", "-d", "-m", "700", "-o", user, "-g", user, f"/var/lib/{name}")
        os.makedirs(f"/etc/{name}", exist_ok=True)
    shutil.copy(ROOT / "packaging/sonde.yaml", "/etc/sonde/sonde.yaml")
    os.makedirs("/etc/sonde/conf.d", exist_ok=True)
    example = run(str(programs / "sonde-collector"), "config", "example", capture_output=True, text=True).stdout
    pathlib.Path("/etc/sonde-collector/collector.yaml").write_text(example)
    drop_in = pathlib.Path("/etc/systemd/system/sonde-agent.service.d")
    drop_in.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "systemd/examples/sys-admin.conf", drop_in)
    caps = ",".join(f"+{name}" for name in effective())
    for name, text in SHIMS.items():
        shim = bin_folder / name
        shim.write_text(f"{PRELUDE}caps={caps}\nkubectl={kubectl}\n{text}")
        shim.chmod(0o755)
    os.environ["PATH"] = f"{bin_folder}:{os.environ['PATH']}"
    return work


class Reader:
    """Somebody who does what the documents say, in their order."""

    def __init__(self, work: pathlib.Path):
        self.work, self.token, self.ran, self.elsewhere = work, "", 0, set()

    def command(self, script: str) -> str:
        """With what a person would type when asked: the last token, or a password."""
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=self.work, text=True, timeout=120,
                              input=f"{self.token or PASSWORD}\n", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise SystemExit(f"FAILED ({done.returncode}):\n{script}\n{done.stdout[-2000:]}")
        return done.stdout

    def block(self, script: str) -> None:
        for begin, test in ELSEWHERE.items():
            if script.startswith(begin):
                self.elsewhere.add(test)
                return
        # Views that go on until they are stopped.
        script = re.sub(r"^(sudo \S*sonde (?:trace|record)\b[^#\n]*?)( *#.*)?$", r"\1 --duration 1", script, flags=re.M)
        # Line by line, as it is typed, but for a loop.
        for part in [script] if "\ndone" in script else script.splitlines():
            if not part.strip():
                continue
            said = self.command(part)
            self.ran += len(part.splitlines())
            self.token = said.split()[-1] if "agent enrol" in part and "for node" not in part else ""
            if "user add" in part:  # the other way to the host, as the text around it says
                run("install", "-m644", "/var/lib/sonde-collector/pki/ca.crt", "/etc/sonde/collector-ca.crt")

    def configuration(self, kind: str, text: str) -> None:
        if kind == "collector" and text.startswith("listen:"):
            pathlib.Path("/etc/sonde-collector/collector.yaml").write_text(text)
        elif kind == "agent" and text.startswith("collector:"):
            pathlib.Path("/etc/sonde/conf.d/collector.yaml").write_text(text)

    def before(self, script: str) -> None:
        """What a block takes for granted."""
        if "policy publish" in script:
            (self.work / "policy.yaml").write_text(POLICY)
            publish = "sudo -u sonde-collector sonde-collector --config /etc/sonde-collector/collector.yaml policy publish policy.yaml --comment x"
            for _ in range(6):
                self.command(publish)
        if "--from-file=tls.crt" in script:
            for name in ("tls.crt", "tls.key", "client-ca.crt", "client-ca.key"):
                (self.work / name).write_text(name)
        shutil.rmtree(self.work / "packaging", ignore_errors=True)
        shutil.copytree(ROOT / "packaging", self.work / "packaging")

    def read(self, document: pathlib.Path) -> None:
        for language, kind, text in BLOCK.findall(document.read_text()):
            if language == "sh":
                self.before(text)
                self.block(text)
            else:
                self.configuration(kind, text)

    def read_readme(self) -> None:
        """The commands of the README are indented; its two scripts are CI and a person's first look."""
        for line in re.findall(r"^    (\S.*)$", (ROOT / "README.md").read_text(), re.M):
            if "scripts/" not in line:
                self.block(line.replace("build/release/bin/", ""))


def tests_that_exist() -> set[str]:
    listing = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("CMakeLists.txt"))
    return {f"packaging.{name}" for name in re.findall(r"sonde_packaging_test\((\w+)", listing)} | set(
        re.findall(r"(?:sonde_test\(|add_test\(NAME )(\S+)", listing))


def main() -> int:
    programs = pathlib.Path(sys.argv[1]).resolve()
    if os.environ.get("SONDE_DOCS_HOST") != "own":
        os.environ["SONDE_DOCS_HOST"] = "own"
        os.execvp("unshare", ["unshare", "--mount", "--net", "--uts", "--propagation", "private", sys.executable, *sys.argv])
    reader = Reader(make_host(programs))
    began = time.monotonic()
    try:
        for name in DOCUMENTS:
            if (ROOT / "docs" / name).exists():
                reader.read(ROOT / "docs" / name)
        reader.read_readme()
    finally:
        for pid in pathlib.Path("/mnt/state").glob("*.pid"):
            subprocess.run(["kill", pid.read_text().strip()], stderr=subprocess.DEVNULL)
    unknown = reader.elsewhere - tests_that_exist()
    if unknown or reader.ran < 40:
        sys.exit(f"FAILED: {reader.ran} lines were run; no such tests: {unknown}")
    print(f"documents: {reader.ran} lines of commands ran in {time.monotonic() - began:.0f} s; "
          f"others belong to {', '.join(sorted(reader.elsewhere))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
