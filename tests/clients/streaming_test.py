"""A key in an answer that is still coming: the alert is out while the server pauses, exactly once, and what
comes after it is judged as well."""
import http.server
import json
import socket
import ssl
import threading
import time
import unittest

from rig.case import ProviderCase, chat
from rig.clients import ANTHROPIC, Curl, OPENAI, SdkClient
from rig.leak import github_token
from rig.local_agent import LocalAgent


class PausingProvider:
    """Streams `first`, waits until it is let go, streams `second`."""

    def __init__(self, world):
        self.first, self.second = [], []
        self.may_go_on = threading.Event()
        self.waited = None  # seconds, of the last answer
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for event in owner.first:
                    self.event(event)
                began = time.monotonic()
                owner.may_go_on.wait(20)
                owner.waited = time.monotonic() - began
                for event in owner.second:
                    self.event(event)
                self.wfile.write(b"0\r\n\r\n")

            def event(self, text):
                data = text.encode()
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.flush()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            address_family = socket.AF_INET

        self.server = Server((world.address, 443), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(world.path("provider.crt"), world.path("provider.key"))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def streams(self, wrap, before, after, end):
        self.first, self.second = [wrap(piece) for piece in before], [wrap(piece) for piece in after] + end
        self.may_go_on.clear()
        self.waited = None

    def close(self):
        self.may_go_on.set()
        self.server.shutdown()
        self.server.server_close()


def openai_event(text):
    return "data: " + json.dumps({"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "gpt-4o-mini", "choices": [
        {"index": 0, "delta": {"content": text}, "finish_reason": None}]}) + "\n\n"


OPENAI_END = ["data: " + json.dumps({"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "gpt-4o-mini", "choices": [
    {"index": 0, "delta": {}, "finish_reason": "stop"}]}) + "\n\n", "data: [DONE]\n\n"]


def anthropic_event(text):
    return "event: content_block_delta\ndata: " + json.dumps(
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}) + "\n\n"


ANTHROPIC_BEGIN = ["event: message_start\ndata: " + json.dumps({"type": "message_start", "message": {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "content": [],
    "usage": {"input_tokens": 3, "output_tokens": 1}}}) + "\n\n",
    "event: content_block_start\ndata: " + json.dumps(
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}) + "\n\n"]
ANTHROPIC_END = ['event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n',
                 'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}\n\n',
                 'event: message_stop\ndata: {"type":"message_stop"}\n\n']


class StreamingTest(ProviderCase):
    @classmethod
    def make_provider(cls):
        provider = PausingProvider(cls.world)
        cls.addClassCleanup(provider.close)
        return provider

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Nothing may hide what is raised twice.
        cls.agent = LocalAgent(cls.world, {"detect": {"merge_seconds": 0}})
        cls.agent.start()

    def leaked(self, alert, own):
        return own["alert"] == "credential.response" and own["capture"]["side"] == "client"

    def in_thread(self, work):
        failures = []

        def run():
            try:
                work()
            except Exception as error:  # shown by the test's own thread
                failures.append(error)
        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join)
        return thread, failures

    def play(self, work, seconds):
        """One answer; its alerts of the client's side before it went on, and afterwards."""
        known = len(self.agent.so_far(self.leaked))
        thread, failures = self.in_thread(work)
        began = time.monotonic()
        early = self.agent.alerts(self.leaked, known + 1, timeout=15)[known:]
        took = time.monotonic() - began
        self.assertIsNone(self.provider.waited, "the answer had not gone on")
        print(f"{self.id().rsplit('.', 1)[-1]}: {took:.2f} s after the request")
        self.assertLess(took, seconds)
        self.provider.may_go_on.set()
        thread.join(20)
        self.assertEqual(failures, [])
        time.sleep(2)
        return early, self.agent.so_far(self.leaked)[known:]

    def test_curl_hears_a_key_and_then_nothing_for_a_while(self):
        key = github_token(seed=time.time_ns())
        words = ["Of ", "course. ", "Use ", key[:9], key[9:20], key[20:], " for ", "this."]
        self.provider.streams(openai_event, words, [" It ", "is ", "yours ", "now."], OPENAI_END)
        early, all_of_them = self.play(lambda: Curl(self.world).call(OPENAI, chat("Which key?", stream=True)), 6)
        self.assertEqual(len(early), 1)
        self.assertEqual(len(all_of_them), 1, "once")
        own = early[0]["unmapped"]["sonde"]
        self.assertRegex(own["evidence"]["text"], r"Use \[github_token:[0-9a-f]+\]")
        self.assertEqual((own["evidence"]["start"], own["evidence"]["message_index"]), (15, 1))
        self.assertNotIn(key[4:-6], json.dumps(early))

    def test_a_key_is_the_last_word_before_the_pause(self):
        key = github_token(seed=time.time_ns())
        self.provider.streams(openai_event, ["It is ", key[:11], key[11:]], [" and nothing else."], OPENAI_END)
        client = SdkClient(self.world, OPENAI)
        self.addCleanup(client.close)
        early, all_of_them = self.play(lambda: client.call(OPENAI, chat("Which key?", stream=True)), 8)
        self.assertEqual((len(early), len(all_of_them)), (1, 1))

    def test_a_second_key_after_the_pause_is_a_second_alert(self):
        keys = [github_token(seed=time.time_ns() + number) for number in range(2)]
        self.provider.streams(anthropic_event, ["One is ", keys[0], " and"], [" the other is ", keys[1], ", truly."], ANTHROPIC_END)
        self.provider.first = ANTHROPIC_BEGIN + self.provider.first
        client = SdkClient(self.world, ANTHROPIC)
        self.addCleanup(client.close)
        body = {"model": "claude-sonnet-4-5", "max_tokens": 99, "stream": True, "messages": [{"role": "user", "content": "Which keys?"}]}
        early, all_of_them = self.play(lambda: client.call(ANTHROPIC, body), 6)
        self.assertEqual((len(early), len(all_of_them)), (1, 2))
        exchanges = {alert["unmapped"]["sonde"]["exchange_id"] for alert in all_of_them}
        self.assertEqual(len(exchanges), 1, "both are of one exchange")
        fingerprints = {alert["unmapped"]["sonde"]["data"]["fingerprint"] for alert in all_of_them}
        self.assertEqual(len(fingerprints), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
