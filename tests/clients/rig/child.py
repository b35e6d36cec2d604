"""Child processes that never outlive the test: each is ended by its pid, and dies with its parent."""
import os
import signal
import subprocess
import threading
import time


class RigError(Exception):
    """The rig, or a program in it, did not do what a test stands on."""


class Child:
    """A running program. Its error output is kept; its output is read line by line by `on_line`,
    on a thread of its own, or by `read_line` where no `on_line` is given."""

    def __init__(self, command, env=None, on_line=None, cwd=None):
        self.command = [str(word) for word in command]
        self._errors = []
        self._lines = []
        self._changed = threading.Condition(threading.RLock())
        self._open = 2
        # setpriv execs: the pid is the program's own.
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *self.command], env=env, cwd=cwd,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.pid = self.process.pid
        self._threads = [
            threading.Thread(target=self._read, args=(self.process.stdout, on_line or self._lines.append), daemon=True),
            threading.Thread(target=self._read, args=(self.process.stderr, self._errors.append), daemon=True)]
        for thread in self._threads:
            thread.start()

    def _read(self, pipe, on_line):
        for line in pipe:
            with self._changed:
                on_line(line.decode("utf-8", "replace").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._open -= 1
            self._changed.notify_all()

    def wait_until(self, condition, what, timeout=20.0):
        """Until `condition()`, asked after each line; its answer. Raises when the child ended first."""
        with self._changed:
            end = time.monotonic() + timeout
            while not (answer := condition()):
                left = end - time.monotonic()
                if left <= 0 or self._open == 0:
                    why = "ended" if self._open == 0 else f"{timeout} s passed"
                    raise RigError(f"no {what} from {self.command[:3]}: {why}; it said: {self._errors[-20:]}")
                self._changed.wait(left)
            return answer

    def wait_for_error_line(self, text, timeout=30.0):
        return self.wait_until(lambda: next((line for line in self._errors if text in line), None), f"'{text}'", timeout)

    def errors(self):
        with self._changed:
            return list(self._errors)

    def said(self):
        """All lines of output and error output so far."""
        with self._changed:
            return self._lines + self._errors

    def write(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, line, timeout=60.0):
        """Writes a line to the child and answers the next one it says."""
        count = len(self._lines)
        self.write(line)
        self.wait_until(lambda: len(self._lines) > count, "answer", timeout)
        return self._lines[count]

    def read_line(self, timeout=20.0):
        self.wait_until(lambda: self._lines, "line", timeout)
        return self._lines[0]

    @property
    def running(self):
        return self.process.poll() is None

    def kill(self):
        if self.running:
            self.process.kill()
        return self.wait()

    def stop(self, number=signal.SIGTERM, timeout=30.0):
        """Asks it to end; its exit code. What it said until then has been read."""
        if self.running:
            self.process.send_signal(number)
        return self.wait(timeout)

    def wait(self, timeout=30.0):
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise RigError(f"{self.command[:3]} did not end in {timeout} s")
        for thread in self._threads:
            thread.join(5)
        self.process.stdin.close()
        return code


def run(command, timeout=60.0, **options):
    """The output of a program that must succeed."""
    done = subprocess.run([str(word) for word in command], capture_output=True, timeout=timeout, **options)
    if done.returncode != 0:
        raise RigError(f"{command[:4]} ended with {done.returncode}: {done.stderr.decode('utf-8', 'replace')[-2000:]}")
    return done.stdout


def program(variable):
    """The path in an environment variable that ctest sets (tests/clients/CMakeLists.txt)."""
    path = os.environ.get(variable)
    if not path or not os.path.exists(path):
        raise RigError(f"{variable} must name a file that exists, not {path!r}")
    return path
