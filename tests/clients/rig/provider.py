"""The mock provider behind TLS (programs/provider.mjs)."""
import json
import os
import urllib.request

from rig.child import program

PROGRAMS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "programs")


def node():
    """The Node.js that the rig brings along: an official build, OpenSSL inside."""
    return os.path.realpath(program("SONDE_CLIENTS_NODE"))


def script(name):
    """A program of the rig, where its packages are found: the build folder has a copy of each."""
    return os.path.join(program("SONDE_CLIENTS_ROOT"), "programs", name)


class Provider:
    def __init__(self, world, port=443, binary=None, program="provider.mjs", **options):
        settings = {"address": world.address, "port": port, "certificate": world.path("provider.crt"),
                    "key": world.path("provider.key"), **options}
        self.child = world.start([binary or node(), script(program), json.dumps(settings)])
        ports = json.loads(self.child.read_line())
        self.port = ports["port"]
        self._control = f"http://127.0.0.1:{ports.get('control')}/answers"

    def answer(self, marker, **answer):
        """From now on a conversation that holds `marker` gets this answer (aimock's fixture fields:
        content, toolCalls, usage, id, model, finishReason, reasoning)."""
        self._set({marker: answer})

    def forget(self, marker):
        self._set({marker: None})

    def _set(self, answers):
        body = json.dumps(answers).encode()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(self._control, data=body, method="POST"), timeout=10) as reply:
            reply.read()
