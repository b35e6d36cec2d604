"""The real clients: each an unmodified package or program, told what to call over its input."""
import json
import os
import subprocess
from dataclasses import dataclass, field

from rig.child import RigError
from rig.provider import node, script
from rig.wire import anthropic_answer, openai_answer


@dataclass(frozen=True)
class Api:
    """One provider's API as the tests use it."""
    name: str
    host: str
    path: str
    read: object
    headers: dict = field(default_factory=dict)

    @property
    def origin(self):
        return f"https://{self.host}"

    @property
    def url(self):
        return self.origin + self.path


OPENAI = Api("openai", "api.openai.com", "/v1/chat/completions", openai_answer, {"Authorization": "Bearer dummy"})
ANTHROPIC = Api("anthropic", "api.anthropic.com", "/v1/messages", anthropic_answer,
                {"x-api-key": "dummy", "anthropic-version": "2023-06-01"})


@dataclass
class Who:
    """The process that an exchange must name."""
    pid: int
    exe: str
    cmdline: list


def who_is(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        cmdline = [word.decode() for word in file.read().split(b"\0")[:-1]]
    return Who(pid, os.readlink(f"/proc/{pid}/exe"), cmdline)


class Client:
    """A program that lives over many calls. `call` answers what the program itself got."""

    def __init__(self, world, command, user_agent, environment=None):
        self.child = world.start(command, names=True, env=environment)
        self.user_agent = user_agent

    @property
    def pid(self):
        return self.child.pid

    def who(self):
        """Only after a first call: before, the pid may still be the shell that sets the names up."""
        return who_is(self.child.pid)

    def ask(self, job):
        """What the program answers to one line, errors included."""
        return json.loads(self.child.ask(json.dumps(job)))

    def _ask(self, job):
        got = self.ask(job)
        if "error" in got:
            raise RigError(f"the client failed: {got['error']}")
        return got

    def close(self):
        """The end of its input: it runs out by itself."""
        self.child.process.stdin.close()
        return self.child.wait()


class SdkClient(Client):
    PROGRAMS = {"openai": ("openai_client.mjs", "OpenAI/JS"), "anthropic": ("anthropic_client.mjs", "Anthropic/JS")}

    def __init__(self, world, api):
        name, user_agent = self.PROGRAMS[api.name]
        super().__init__(world, [node(), script(name)], user_agent)

    def call(self, api, body, headers=None):
        return self._ask(self.job(api, body, headers))

    def job(self, api, body, headers=None):
        return {"origin": api.origin, "body": body, "headers": headers or {}}


class RawClient(Client):
    def call(self, api, body, headers=None):
        got = self._ask(self.job(api, body, headers))
        if got["status"] != 200:
            raise RigError(f"the provider answered {got['status']}: {got['body'][:300]}")
        return api.read(got["body"])

    def job(self, api, body, headers=None):
        return {"url": api.url, "body": body, "headers": {**api.headers, **(headers or {})}}


def node_https(world, binary=None):
    return RawClient(world, [binary or node(), script("plain_client.mjs")], None)


def python(world, package, environment=None):
    command = ["/usr/bin/python3", script("python_client.py"), package]
    return RawClient(world, command, "python-requests/" if package == "requests" else "python-httpx/", environment)


class Curl:
    """A process for each call."""
    user_agent = "curl/"

    def __init__(self, world, environment=None, name="curl", program="/usr/bin/curl"):
        self.world = world
        self.name = name
        self.program = program
        self.environment = {**world.environment(), **(environment or {})}
        self.last = None

    def who(self):
        return self.last

    def call(self, api, body, headers=None):
        request = self.world.path(f"{self.name}-request.json")
        with open(request, "w") as file:
            json.dump(body, file, ensure_ascii=False)
        command = [self.program, "-sS", "--fail", "--cacert", self.world.path("ca.crt"), "--data-binary",
                   f"@{request}", "-H", "Content-Type: application/json"]
        for name, value in {**api.headers, **(headers or {})}.items():
            command += ["-H", f"{name}: {value}"]
        command.append(api.url)
        process = subprocess.Popen(self.world.with_names(command), env=self.environment,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.last = Who(process.pid, os.path.realpath(self.program), command)
        try:
            out, errors = process.communicate(timeout=60)
        finally:
            process.kill()
        if process.returncode != 0:
            raise RigError(f"curl ended with {process.returncode}: {errors.decode()}")
        return api.read(out.decode())

    def close(self):
        return 0
