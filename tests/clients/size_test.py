"""Large prompts and answers arrive byte for byte; a long row of short-lived programs is heard whole."""
import random
import unittest

from rig.case import ProviderCase, Traced, chat, message
from rig.clients import ANTHROPIC, OPENAI, Curl, SdkClient, python
from rig.expect import check_exchange


def large_text(size, seed):
    """`size` bytes that repeat nowhere, with characters of one to four bytes and JSON's escapes."""
    generator = random.Random(seed)
    alphabet = "abcdefghijklmnopqrstuvwxyz0123456789 \n\"\\é日🦉"
    text = "".join(generator.choices(alphabet, k=size))
    whole = text.encode()[:size].decode("utf-8", "ignore")
    return whole + "x" * (size - len(whole.encode()))


class SizeTest(Traced, ProviderCase):
    def hear_large(self, client, api, size):
        """The answer repeats the prompt: large texts in both directions."""
        self.addCleanup(client.close)
        text = large_text(size, seed=size)
        body = (chat if api is OPENAI else message)(text)
        got = client.call(api, body)
        self.assertEqual(got["text"], text, "the rig itself lost bytes")
        exchange = self.trace.exchanges(client.who().pid, 1, timeout=60)[0]
        # Texts apart from the rest: a difference in a megabyte would be printed otherwise.
        for where in (exchange["gen_ai.input.messages"], exchange["gen_ai.output.messages"]):
            self.assertTrue(where[0]["parts"][0]["content"] == text, "bytes differ")
        check_exchange(self, exchange, client, api, body, got)

    def test_300_kb_of_the_openai_package(self):
        self.hear_large(SdkClient(self.world, OPENAI), OPENAI, 300_000)

    def test_2_mib_of_the_openai_package(self):
        self.hear_large(SdkClient(self.world, OPENAI), OPENAI, 2 << 20)

    def test_2_mib_of_the_anthropic_package(self):
        self.hear_large(SdkClient(self.world, ANTHROPIC), ANTHROPIC, 2 << 20)

    def test_300_kb_and_2_mib_of_httpx(self):
        self.hear_large(python(self.world, "httpx"), OPENAI, 300_000)
        self.hear_large(python(self.world, "httpx"), ANTHROPIC, 2 << 20)

    def test_2_mib_of_requests(self):
        self.hear_large(python(self.world, "requests"), OPENAI, 2 << 20)

    def test_2_mib_of_curl(self):
        self.hear_large(Curl(self.world), OPENAI, 2 << 20)

    def test_the_500th_curl_in_a_row_is_heard_as_the_first(self):
        client = Curl(self.world)
        calls = {}
        for number in range(1, 501):
            body = chat(f"short-lived program number {number}")
            got = client.call(OPENAI, body)
            calls[client.who().pid] = (client.who(), body, got)
        self.assertEqual(len(calls), 500)
        heard = self.trace.of_processes(calls.keys(), 500)
        self.assertEqual(len(heard), 500)
        for exchange in heard:
            client.last, body, got = calls[exchange["process"]["pid"]]
            check_exchange(self, exchange, client, OPENAI, body, got)


if __name__ == "__main__":
    unittest.main(verbosity=2)
