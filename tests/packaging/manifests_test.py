#!/usr/bin/python3
"""The Kubernetes manifests: strictly typed, consistent, and as tight as the documents say.

  manifests_test.py files      every resource file of the base and the overlays
  manifests_test.py rendered   every overlay as `kubectl kustomize` renders it; exit 77 (skipped,
                               and ctest says so) on a machine without kubectl
"""
import pathlib
import re
import shutil
import subprocess
import sys

import yaml

from manifest_types import manifest_problems

ROOT = pathlib.Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "packaging/kubernetes"
SKIPPED = 77
CAPABILITIES = ["BPF", "PERFMON", "SYS_PTRACE", "DAC_READ_SEARCH", "CHECKPOINT_RESTORE", "SYS_RESOURCE"]


def documents(text: str) -> list[dict]:
    return [document for document in yaml.safe_load_all(text) if document]


def check_of_itself() -> list[str]:
    """A checker that finds nothing must not pass."""
    good = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": {
        "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}}
    container = good["spec"]["template"]["spec"]["containers"][0]
    wrong = []
    if manifest_problems(good):
        wrong.append(f"a good deployment is refused: {manifest_problems(good)}")
    for change in ({"imagePulPolicy": "Always"}, {"ports": {"containerPort": 1}}, {"tty": "yes"}, {"name": None}):
        broken = {**good, "spec": {**good["spec"], "template": {"metadata": {}, "spec": {"containers": [{**container, **change}]}}}}
        if not manifest_problems(broken):
            wrong.append(f"{change} is not noticed")
    return wrong


def workload_problems(workload: dict) -> list[str]:
    """Rules that types cannot say: references that exist, limits, no privilege."""
    name, pod = f"{workload['kind']}/{workload['metadata']['name']}", workload["spec"]["template"]
    labels, spec = pod["metadata"]["labels"], pod["spec"]
    found = []
    if not workload["spec"]["selector"]["matchLabels"].items() <= labels.items():
        found.append(f"{name}: the selector does not match its own pods")
    volumes = {volume["name"] for volume in spec["volumes"]}
    for container in spec["containers"] + spec.get("initContainers", []):
        where = f"{name}/{container['name']}"
        missing = {mount["name"] for mount in container["volumeMounts"]} - volumes
        context = container["securityContext"]
        if missing:
            found.append(f"{where}: no volume {missing}")
        if not {"requests", "limits"} <= container["resources"].keys():
            found.append(f"{where}: no requests or limits")
        if context.get("privileged") or context.get("allowPrivilegeEscalation") is not False:
            found.append(f"{where}: privileged or may become so")
        if context["capabilities"]["drop"] != ["ALL"] or not context.get("readOnlyRootFilesystem"):
            found.append(f"{where}: capabilities or root file system are open")
        if container in spec["containers"] and not {"livenessProbe", "readinessProbe", "startupProbe"} <= container.keys():
            found.append(f"{where}: a probe is missing")
        ports = {port["name"] for port in container.get("ports", [])}
        for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
            if probe in container and container[probe]["httpGet"]["port"] not in ports:
                found.append(f"{where}: {probe} asks a port that is not there")
    return found


def rendered_problems(overlay: str, manifests: list[dict]) -> list[str]:
    found = [f"{overlay}: {problem}" for manifest in manifests for problem in manifest_problems(manifest)]
    by_kind = {}
    for manifest in manifests:
        by_kind.setdefault(manifest["kind"], []).append(manifest)
        if manifest["kind"] not in ("Namespace", "ClusterRole", "ClusterRoleBinding") and \
                manifest["metadata"].get("namespace") != "sonde":
            found.append(f"{overlay}: {manifest['kind']}/{manifest['metadata']['name']} is not in namespace sonde")
    for workload in by_kind["DaemonSet"] + by_kind["Deployment"]:
        found += [f"{overlay}: {problem}" for problem in workload_problems(workload)]
        names = {item["metadata"]["name"] for item in by_kind["ConfigMap"]}
        for volume in workload["spec"]["template"]["spec"]["volumes"]:
            if "configMap" in volume and volume["configMap"]["name"] not in names:
                found.append(f"{overlay}: no ConfigMap {volume['configMap']['name']}")
    agent = by_kind["DaemonSet"][0]["spec"]["template"]["spec"]
    added = agent["containers"][0]["securityContext"]["capabilities"]["add"]
    expected = ["SYS_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH", "SYS_RESOURCE"] if overlay == "sys-admin" else CAPABILITIES
    if added != expected:
        found.append(f"{overlay}: the agent has {added}")
    unit = (ROOT / "systemd/sonde-agent.service").read_text()
    if sorted(re.search(r"^AmbientCapabilities=(.*)$", unit, re.M)[1].replace("CAP_", "").split()) != sorted(CAPABILITIES):
        found.append("unit and DaemonSet do not have the same capabilities")
    return found


def check_files() -> list[str]:
    found, count = check_of_itself(), 0
    for path in sorted(KUBERNETES.rglob("*.yaml")):
        for document in documents(path.read_text()):
            # A patch is no whole object; configurations of the programs have no kind.
            patch = path.parent.parent.name == "overlays" and path.name in ("collector.yaml", "agent.yaml")
            if document.get("kind") in (None, "Kustomization") or patch:
                continue
            count += 1
            found += [f"{path.relative_to(ROOT)}: {problem}" for problem in manifest_problems(document)]
    print(f"manifests: {count} objects are well typed" if not found and count >= 8 else f"{count} objects")
    return found if count >= 8 else found + [f"only {count} objects found"]


def check_rendered() -> list[str]:
    found = []
    overlays = sorted(path for path in (KUBERNETES / "overlays").iterdir() if path.is_dir())
    for overlay in overlays:
        done = subprocess.run(["kubectl", "kustomize", str(overlay)], capture_output=True, text=True, timeout=60)
        if done.returncode != 0 or done.stderr.strip():
            found.append(f"{overlay.name}: {done.stderr.strip()}")
        else:
            found += rendered_problems(overlay.name, documents(done.stdout))
    print(f"manifests: {len(overlays)} overlays rendered")
    return found if overlays else ["no overlays"]


def main() -> int:
    if sys.argv[1:] == ["rendered"] and not shutil.which("kubectl"):
        print("SKIPPED: there is no kubectl on this machine, overlays are not rendered")
        return SKIPPED
    found = check_rendered() if sys.argv[1:] == ["rendered"] else check_files()
    print("\n".join(f"FAILED: {problem}" for problem in found), file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
