"""A memory cgroup of a test's own, version 1 or 2, with a hard limit as MemoryMax= of a unit sets it."""
import os
import re
import uuid

from rig.child import RigError

# By version: the hierarchy, the limit, the most that was used.
kV1 = ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.max_usage_in_bytes", "memory.oom_control")
kV2 = ("/sys/fs/cgroup", "memory.max", "memory.peak", "memory.events")


class MemoryCgroup:
    def __init__(self, limit_bytes):
        root, limit, self._peak, self._kills = kV1 if os.path.isdir(kV1[0]) else kV2
        self._path = os.path.join(root, f"sonde-test-{uuid.uuid4().hex[:12]}")
        try:
            if root == kV2[0]:
                self._write(root, "cgroup.subtree_control", "+memory")
            os.mkdir(self._path)
            self._write(self._path, limit, str(limit_bytes))
        except OSError as error:
            raise RigError(f"no memory cgroup can be made in {root}: {error}") from error

    @staticmethod
    def _write(folder, name, text):
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.write(text)

    def _read(self, name):
        with open(os.path.join(self._path, name), encoding="ascii") as file:
            return file.read()

    def within(self):
        """A command that enters the cgroup and executes the one it is given."""
        return ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', self._path]

    def peak_bytes(self):
        """The most that was in use; absent from version 2 before Linux 5.19."""
        return int(self._read(self._peak))

    def kills(self):
        """Processes that the kernel has killed for want of memory."""
        return int(re.search(r"^oom_kill (\d+)$", self._read(self._kills), re.M)[1])

    def close(self):
        """Once its processes have ended."""
        os.rmdir(self._path)
