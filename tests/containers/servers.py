"""What the containers and the agent speak to: a model behind TLS, and a kubelet."""
import http.server
import json
import ssl
import subprocess
import threading

ANSWER = json.dumps({
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini",
    "choices": [{"index": 0, "finish_reason": "stop",
                 "message": {"role": "assistant", "content": "Certainly."}}],
    "usage": {"prompt_tokens": 20, "completion_tokens": 2, "total_tokens": 22}}).encode()


def make_authority(folder, name="ca"):
    """A certificate that signs itself, good for 127.0.0.1: (certificate, key)."""
    certificate, key = f"{folder}/{name}.crt", f"{folder}/{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext",
                    "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    return certificate, key


class Server:
    """HTTPS on a free port of loopback."""

    def __init__(self, certificate, key):
        outer = self
        self.requests = []
        self.hangs = False

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.requests.append((self.command, self.path, dict(self.headers), body))
                status, answer = outer.respond(self.path, self.headers)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                if outer.hangs:  # in the middle of its answer, until the peer leaves
                    self.wfile.write(answer[:len(answer) // 2])
                    self.connection.recv(1)
                    return
                self.wfile.write(answer)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # a client that does not trust this server leaves
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                 do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def respond(self, path, headers):
        """Status and body."""
        return 200, ANSWER


class Kubelet(Server):
    """GET /pods, for those who have the token."""

    def __init__(self, certificate, key, token):
        self.token, self.pods = token, []
        super().__init__(certificate, key)

    def respond(self, path, headers):
        if path != "/pods" or headers.get("Authorization") != f"Bearer {self.token}":
            return 401, b"Unauthorized"
        return 200, json.dumps({"kind": "PodList", "apiVersion": "v1", "metadata": {},
                                "items": self.pods}).encode()

    def add_pod(self, namespace, name, uid, labels, container, container_id, image):
        self.pods.append({
            "metadata": {"name": name, "namespace": namespace, "uid": uid, "labels": labels},
            "spec": {"nodeName": "node-4", "containers": [{"name": container, "image": image}]},
            "status": {"phase": "Running", "containerStatuses": [
                {"name": container, "image": image, "containerID": f"containerd://{container_id}"}]}})
