"""Gemini over gRPC, with grpcio and its own BoringSSL. The messages are bytes, in hexadecimal.

    grpc_gemini.py serve ADDRESS CERTIFICATE KEY    answers each call with the messages of a line of
                                                    standard input: a list, streamed one by one
    grpc_gemini.py call HOST                        a line of input: {"method", "request"}; a line of
                                                    output: the messages of the answer
"""
import concurrent.futures
import json
import os
import sys

import grpc


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Answers(grpc.GenericRpcHandler):
    def __init__(self, messages):
        self.messages = messages

    def service(self, call):
        if "Stream" in call.method:
            return grpc.unary_stream_rpc_method_handler(lambda request, context: iter(self.messages))
        return grpc.unary_unary_rpc_method_handler(lambda request, context: self.messages[0])


def serve(address, certificate, key):
    messages = [bytes.fromhex(text) for text in json.loads(sys.stdin.readline())]
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2), handlers=[Answers(messages)])
    server.add_secure_port(f"{address}:443", grpc.ssl_server_credentials([(read(key), read(certificate))]))
    server.start()
    print(json.dumps({"port": 443}), flush=True)
    sys.stdin.read()
    server.stop(None)


def call(host):
    credentials = grpc.ssl_channel_credentials(read(os.environ["SSL_CERT_FILE"]))
    with grpc.secure_channel(f"{host}:443", credentials, [("grpc.enable_http_proxy", 0)]) as channel:
        for line in sys.stdin:
            job = json.loads(line)
            request = bytes.fromhex(job["request"])
            if "Stream" in job["method"]:
                answers = list(channel.unary_stream(job["method"])(request, timeout=60))
            else:
                answers = [channel.unary_unary(job["method"])(request, timeout=60)]
            print(json.dumps([answer.hex() for answer in answers]), flush=True)


if __name__ == "__main__":
    {"serve": serve, "call": call}[sys.argv[1]](*sys.argv[2:])
