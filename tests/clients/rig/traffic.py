"""Clients that talk without pause, each exchange with a marker of its own that its answer leaks a key
beside. They note when each exchange began and ended, and every error."""
import threading
import time
from dataclasses import dataclass

from rig.case import chat, message
from rig.clients import ANTHROPIC, OPENAI, Curl, SdkClient, python
from rig.leak import github_token


@dataclass
class Exchange:
    marker: str
    pid: int
    began: float  # time.monotonic()
    ended: float
    error: str = ""


class Talker(threading.Thread):
    def __init__(self, name, provider, client, api, pause, stream):
        super().__init__(daemon=True)
        self.label = name
        self._provider, self._client, self._api = provider, client, api
        self._pause, self._stream = pause, stream
        self._stopping = threading.Event()
        self.exchanges = []

    def run(self):
        number = 0
        while not self._stopping.wait(self._pause):
            number += 1
            self.exchanges.append(self._exchange(f"{self.label}-{number:05}"))

    def _exchange(self, marker):
        answer = f"For {marker} the token is {github_token(marker)} and nothing else."
        self._provider.answer(marker, content=answer)
        body = (chat if self._api is OPENAI else message)(f"What is the token of {marker}?", stream=self._stream)
        began, error = time.monotonic(), ""
        try:
            got = self._client.call(self._api, body)
            if got["text"] != answer:
                error = f"wrong answer: {got['text'][:200]}"
        except Exception as failure:  # whatever it is, the client was disturbed
            error = repr(failure)
        ended = time.monotonic()
        self._provider.forget(marker)
        return Exchange(marker, self._client.who().pid, began, ended, error)

    def stop(self):
        self._stopping.set()
        self.join(90)
        return self._client.close()


def start_talkers(world, provider, pause=0.25):
    talkers = [Talker("openai", provider, SdkClient(world, OPENAI), OPENAI, pause, True),
               Talker("anthropic", provider, SdkClient(world, ANTHROPIC), ANTHROPIC, pause, True),
               Talker("httpx", provider, python(world, "httpx"), ANTHROPIC, pause, False),
               Talker("requests", provider, python(world, "requests"), OPENAI, pause, True),
               Talker("curl", provider, Curl(world), OPENAI, pause, False)]
    for talker in talkers:
        talker.start()
    return talkers
