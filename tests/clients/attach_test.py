"""Programs that run before Sonde, libraries that come later, files that nobody has seen before."""
import concurrent.futures
import glob
import os
import shutil
import time
import unittest

from rig.case import ProviderCase, chat, message
from rig.clients import ANTHROPIC, OPENAI, Curl, SdkClient, node_https, python
from rig.expect import check_exchange
from rig.provider import node
from rig.sonde import Trace


class AttachTest(ProviderCase):
    def start_trace(self):
        trace = Trace(self.world)
        self.addCleanup(trace.child.kill)
        return trace

    def hear(self, trace, client, api, body):
        got = client.call(api, body)
        heard = trace.exchanges(client.who().pid, 1, containing=body["messages"][0]["content"])
        self.assertEqual(len(heard), 1)
        check_exchange(self, heard[0], client, api, body, got)

    def test_programs_with_open_connections_are_heard_from_their_next_request(self):
        clients = {SdkClient(self.world, OPENAI): OPENAI, SdkClient(self.world, ANTHROPIC): ANTHROPIC,
                   node_https(self.world): OPENAI, python(self.world, "httpx"): ANTHROPIC,
                   python(self.world, "requests"): OPENAI}
        for client, api in clients.items():
            self.addCleanup(client.close)
            client.call(api, (chat if api is OPENAI else message)("before Sonde came"))
        trace = self.start_trace()
        for client, api in clients.items():
            with self.subTest(client=client.child.command[-2:]):
                self.hear(trace, client, api, (chat if api is OPENAI else message)("the second request", stream=True))
                self.hear(trace, client, api, (chat if api is OPENAI else message)("the third request"))
        for client in clients:
            self.assertEqual(len(trace.exchanges(client.pid, 2)), 2, "nothing of the first request")

    def test_sonde_comes_in_the_middle_of_a_stream_and_hears_the_next_exchange_whole(self):
        for client, api, make in ((SdkClient(self.world, OPENAI), OPENAI, chat),
                                  (SdkClient(self.world, ANTHROPIC), ANTHROPIC, message)):
            with self.subTest(api=api.name):
                self.addCleanup(client.close)
                client.call(api, make("the connection is open"))
                with concurrent.futures.ThreadPoolExecutor(1) as pool:
                    long = pool.submit(client.call, api, make("slowly, " + "word after word " * 300, stream=True))
                    time.sleep(1)
                    trace = self.start_trace()
                    self.assertFalse(long.done(), "Sonde came in the middle")
                    long.result()
                self.hear(trace, client, api, make("the next on that connection"))
                late = trace.exchanges(client.pid, 1)[:-1]
                self.assertFalse([one for one in late if one["capture"]["complete"]], "the first half was not heard")
                trace.stop()

    def test_a_library_that_a_running_program_loads_later_is_heard(self):
        client = python(self.world, "httpx")
        self.addCleanup(client.close)
        self.wait_for_program(client, "python3")
        self.assertFalse(mapped(client.pid, "libssl"), "the program has no TLS yet")
        trace = self.start_trace()
        self.hear(trace, client, OPENAI, chat("the first request of all"))
        self.assertTrue(mapped(client.pid, "libssl"))

    def copied_libraries(self, number):
        folder = self.world.path(f"libraries-{number}")
        os.mkdir(folder)
        for name in ("libssl.so.3", "libcrypto.so.3"):
            shutil.copy(os.path.realpath(glob.glob(f"/usr/lib/*/{name}")[0]), os.path.join(folder, name))
        return {"LD_LIBRARY_PATH": folder}

    def test_a_library_file_never_seen_before_is_heard_from_its_first_request(self):
        trace = self.start_trace()
        for number in range(3):
            with self.subTest(number=number):
                client = python(self.world, "requests", self.copied_libraries(number))
                self.addCleanup(client.close)
                self.hear(trace, client, OPENAI, chat(f"never seen library {number}"))

    def test_a_program_that_ended_before_it_was_looked_at_is_heard_when_it_runs_again(self):
        trace = self.start_trace()
        client = Curl(self.world, self.copied_libraries("short"))
        client.call(OPENAI, chat("over in milliseconds"))  # heard or not: Sonde has no time to look
        time.sleep(1)
        self.hear(trace, client, OPENAI, chat("the same library again"))

    def test_short_programs_started_through_a_link_are_known_by_their_file_and_all_their_parents(self):
        trace = self.start_trace()
        link = self.world.path("link-to-curl")
        os.symlink("/usr/bin/curl", link)
        client = Curl(self.world, program=link)
        for number in range(20):
            self.hear(trace, client, OPENAI, chat(f"short program {number}"))
            parents = trace.exchanges(client.who().pid, 1)[0]["process"]["parents"]
            self.assertEqual([parents[0]["pid"], parents[-1]["pid"]], [os.getpid(), 1])

    def test_a_program_file_that_was_never_seen_a_second_ago_is_heard_from_its_first_request(self):
        trace = self.start_trace()
        binary = self.world.path("copied-node")
        shutil.copy(node(), binary)
        client = node_https(self.world, binary)
        self.addCleanup(client.close)
        self.wait_for_program(client, "copied-node")
        time.sleep(1)
        self.hear(trace, client, ANTHROPIC, message("never seen program"))

    def wait_for_program(self, client, name):
        """Until the pid has become the program: before, a shell sets its names up."""
        for _ in range(200):
            if name in os.readlink(f"/proc/{client.pid}/exe"):
                return
            time.sleep(0.02)
        self.fail(f"{name} did not start")


def mapped(pid, name):
    with open(f"/proc/{pid}/maps") as maps:
        return name in maps.read()


if __name__ == "__main__":
    unittest.main(verbosity=2)
