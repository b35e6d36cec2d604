"""A time of day of a program's own, which a test sets while it runs; the monotonic clock stays true, as
when `date` is typed on a host."""
import glob

from rig.child import RigError

PRELOAD = "/usr/lib/*/faketime/libfaketimeMT.so.1"  # of Debian's package faketime


class Clock:
    def __init__(self, world, name):
        found = glob.glob(PRELOAD)
        if not found:
            raise RigError(f"no {PRELOAD}: apt-get install faketime")
        self._path = world.path(f"{name}.clock")
        self.ahead = 0
        self.set(0)
        self.environment = {"LD_PRELOAD": found[0], "FAKETIME_TIMESTAMP_FILE": self._path, "FAKETIME_NO_CACHE": "1",
                            "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def set(self, seconds):
        """So many seconds ahead of the host's clock from now on."""
        with open(self._path, "w", encoding="utf-8") as file:
            file.write(f"{seconds:+d}\n")
        self.ahead = seconds
