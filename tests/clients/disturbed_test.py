"""What is not one smooth call after the other: many at once, errors, streams that a client leaves."""
import concurrent.futures
import itertools
import json
import time
import unittest

from rig.case import ProviderCase, Traced, chat, message
from rig.clients import ANTHROPIC, OPENAI, Curl, SdkClient, python
from rig.expect import check_exchange


class DisturbedTest(Traced, ProviderCase):
    def prompt_of(self, exchange):
        return exchange["gen_ai.input.messages"][0]["parts"][0]["content"]

    def check_all(self, client, api, bodies, answers):
        heard = {self.prompt_of(one): one for one in self.trace.exchanges(client.who().pid, len(bodies))}
        self.assertEqual(len(heard), len(bodies))
        for body, got in zip(bodies, answers):
            check_exchange(self, heard[body["messages"][0]["content"]], client, api, body, got)

    def test_thirty_streams_at_once_of_one_node_process(self):
        client = SdkClient(self.world, OPENAI)
        self.addCleanup(client.close)
        bodies = [chat(f"slowly, stream {number}: " + "word " * number, stream=True) for number in range(30)]
        self.check_all(client, OPENAI, bodies, client.ask([client.job(OPENAI, body) for body in bodies]))

    def test_twenty_calls_at_once_of_one_asyncio_process(self):
        client = python(self.world, "asyncio")
        self.addCleanup(client.close)
        bodies = [message(f"task {number}: " + "word " * 200 * number) for number in range(20)]
        answers = client.ask([client.job(ANTHROPIC, body) for body in bodies])
        self.check_all(client, ANTHROPIC, bodies, [ANTHROPIC.read(one["body"]) for one in answers])

    def test_an_error_of_the_provider_is_an_exchange_with_its_prompt(self):
        for status, kind in ((401, "invalid_request_error"), (429, "rate_limit_error"), (500, "server_error")):
            with self.subTest(status=status):
                prompt = f"this ends with {status}"
                self.provider.answer(prompt, error={"message": "no", "type": kind, "code": f"code_{status}"}, status=status)
                client = SdkClient(self.world, OPENAI)
                self.addCleanup(client.close)
                self.assertEqual(client.ask(client.job(OPENAI, chat(prompt)))["status"], status)
                exchange = self.trace.exchanges(client.who().pid, 1)[0]
                self.assertEqual(self.prompt_of(exchange), prompt)
                self.assertEqual(exchange["http"]["status"], status)
                self.assertIn(exchange["error.type"], (kind, f"code_{status}"))
                self.assertTrue(exchange["capture"]["complete"])

    def test_a_stream_that_the_client_leaves_is_told_as_far_as_it_got(self):
        client = SdkClient(self.world, OPENAI)
        self.addCleanup(client.close)
        body = chat("slowly, " + " ".join(f"word{number}" for number in range(400)), stream=True)
        got = client.ask({**client.job(OPENAI, body), "abort_after": 5})
        exchange = self.trace.exchanges(client.who().pid, 1)[0]
        self.assertEqual(self.prompt_of(exchange), body["messages"][0]["content"])
        heard = exchange["gen_ai.output.messages"][0]["parts"][0]["content"]
        self.assertTrue(heard.startswith(got["text"]), "all that the client saw")
        self.assertTrue(body["messages"][0]["content"].startswith(heard), "and nothing invented")
        self.assertLess(len(heard), len(body["messages"][0]["content"]))

    def test_a_client_that_is_killed_in_the_middle_of_a_stream(self):
        client = SdkClient(self.world, OPENAI)
        client.call(OPENAI, chat("first a whole one"))
        body = chat("slowly, " + " ".join(f"word{number}" for number in range(2000)), stream=True)
        client.child.write(json.dumps(client.job(OPENAI, body)))
        time.sleep(1)
        client.child.kill()
        exchange = self.trace.exchanges(client.pid, 2)[1]
        self.assertEqual(self.prompt_of(exchange), body["messages"][0]["content"])

    def test_many_programs_at_once(self):
        """curl processes that overlap: none hears another's bytes."""
        numbers = itertools.count(1)

        def call(_):
            client, body = Curl(self.world, name=f"curl-{next(numbers)}"), chat("parallel " + "x" * 30_000)
            body["messages"][0]["content"] += str(id(body))
            return client, body, client.call(OPENAI, body)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            calls = list(pool.map(call, range(60)))
        for client, body, got in calls:
            heard = self.trace.exchanges(client.who().pid, 1)
            self.assertEqual(len(heard), 1)
            check_exchange(self, heard[0], client, OPENAI, body, got)


if __name__ == "__main__":
    unittest.main(verbosity=2)
