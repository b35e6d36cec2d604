"""`sonde trace`, `record` and `replay` as the tests run them."""
import json
import signal

from rig.child import RigError, program, run


def sonde():
    return program("SONDE_BINARY")


class Trace:
    """A running `sonde trace --json`. The whole host is heard; a test asks for its own processes."""

    def __init__(self, world, *options):
        self._exchanges = []
        self.child = world.start([sonde(), "trace", "--json", *options], on_line=self._on_line)
        self.listening = self.child.wait_for_error_line("listening:", 60)
        self.footer = []

    def _on_line(self, line):
        self._exchanges.append(json.loads(line))

    def _matching(self, pids, side, containing=""):
        return [one for one in self._exchanges
                if one["capture"]["side"] == side and one.get("process", {}).get("pid") in pids
                and containing in json.dumps(one.get("gen_ai.input.messages"), ensure_ascii=False)]

    def exchanges(self, pid, count, side="client", containing="", timeout=20.0, enough=True):
        """The exchanges of a process, once there are `count` of them; without `enough` also fewer."""
        return self.of_processes([pid], count, side, containing, timeout, enough)

    def of_processes(self, pids, count, side="client", containing="", timeout=20.0, enough=True):
        """The exchanges of many processes, once there are `count` of them together."""
        def matching():
            return self._matching(pids, side, containing)
        try:
            self.child.wait_until(lambda: len(matching()) >= count, f"{count} exchanges", timeout)
        except RigError as error:
            if not enough:
                return matching()
            raise RigError(f"{error}; heard {len(matching())}") from error
        return matching()

    def stop(self):
        """Ends it as Ctrl-C does; its last words are in `footer`. All that was lost stands there."""
        code = self.child.stop(signal.SIGINT)
        self.footer = self.child.errors()
        return code

    def lost(self):
        return [line for line in self.footer if line.startswith("lost:")]


class Recording:
    """A running `sonde record`."""

    def __init__(self, world, path):
        self.path = path
        self.child = world.start([sonde(), "record", "-o", path])
        self.child.wait_for_error_line("listening:", 60)

    def stop(self):
        return self.child.stop(signal.SIGINT)


def replay(binary, path, *options, user=None):
    """The lines of `sonde replay`, as `user` without any capability where one is given."""
    as_user = ["setpriv", f"--reuid={user}", "--regid=nogroup", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]
    out = run([*(as_user if user else []), binary, "replay", path, "--json", *options], timeout=120)
    return [json.loads(line) for line in out.decode().split("\n") if line]
