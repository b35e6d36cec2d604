"""What was recorded gives the same exchanges again, without root."""
import os
import shutil
import unittest

from rig.case import ProviderCase, WEATHER_ARGUMENTS, anthropic_tools, chat, openai_tools
from rig.clients import ANTHROPIC, OPENAI, Curl, SdkClient, python
from rig.expect import check_exchange
from rig.sonde import Recording, Trace, replay, sonde

# Two programs that hear one call number and time it each for itself.
kOwn = ("id", "start_time", "duration_ms")


def without_own(exchange):
    return {key: value for key, value in exchange.items() if key not in kOwn}


class ReplayTest(ProviderCase):
    def test_a_replay_gives_the_exchanges_that_trace_gave(self):
        trace, recording = Trace(self.world), Recording(self.world, self.world.path("traffic.rec"))
        self.provider.answer("Bern", content="Cold.", toolCalls=[
            {"id": "call_7", "name": "get_weather", "arguments": WEATHER_ARGUMENTS}])
        calls = []
        for make, api, body in (
                (lambda: SdkClient(self.world, OPENAI), OPENAI, openai_tools("Bern?", stream=True, stream_options={"include_usage": True})),
                (lambda: SdkClient(self.world, ANTHROPIC), ANTHROPIC, anthropic_tools("Bern?", stream=True)),
                (lambda: python(self.world, "httpx"), ANTHROPIC, anthropic_tools("Bern?")),
                (lambda: python(self.world, "requests"), OPENAI, chat("Tell me more. " * 20_000)),
                (lambda: Curl(self.world), OPENAI, chat("curl says hello"))):
            client = make()
            got = client.call(api, body)
            who = client.who()
            client.who = lambda who=who: who
            calls.append((client, api, body, got))
            client.close()
        traced = trace.of_processes([client.who().pid for client, *_ in calls], len(calls))
        self.assertEqual(recording.stop(), 0)
        self.assertEqual(trace.stop(), 0)
        for user in (None, "nobody"):
            with self.subTest(user=user):
                self.check_replay(recording.path, user, calls, traced)

    def check_replay(self, path, user, calls, traced):
        copy, binary = self.world.path("copy.rec"), self.world.path("sonde")
        shutil.copy(path, copy)
        shutil.copy(sonde(), binary)
        os.chmod(copy, 0o644)
        replayed = replay(binary, copy, "--exchanges", user=user)
        for client, api, body, got in calls:
            def own(exchanges):
                return [one for one in exchanges
                        if one.get("process", {}).get("pid") == client.who().pid and one["capture"]["side"] == "client"]
            self.assertEqual(len(own(replayed)), 1)
            check_exchange(self, own(replayed)[0], client, api, body, got)
            self.assertEqual([without_own(one) for one in own(replayed)], [without_own(one) for one in own(traced)])

    def test_a_recording_is_private_to_its_owner(self):
        recording = Recording(self.world, self.world.path("private.rec"))
        self.assertEqual(recording.stop(), 0)
        self.assertEqual(os.stat(recording.path).st_mode & 0o777, 0o600)


if __name__ == "__main__":
    unittest.main(verbosity=2)
