"""The clients of the capture table: how each is found, and the command that makes one exchange."""
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

HERE = Path(__file__).parent / "clients"
PYTHON = "/usr/bin/python3"


@dataclass
class Client:
    name: str
    stack: str  # as in capture.tls
    # (base URL, case, body file, size of request and answer) -> command
    command: Callable[[str, str, str, int], list]
    needs: tuple = ()  # programs that must be there
    tls: str = None  # "1.2": the server offers nothing newer
    largest: int = 1 << 40
    environment: dict = field(default_factory=dict)
    address: str = "syscall"  # how the addresses must be found
    server: str = "https"  # "grpc": its calls have no readable head, they are told by address

    def prepare(self, programs):
        """Finds the programs; returns what is missing, or None."""
        for program in self.needs:
            path = Path(program) if "/" in program else Path(programs, program)
            found = str(path.resolve()) if path.exists() else shutil.which(program)
            if not found:
                return program
            self.found[program] = found
        return None

    found = {}


def url(base, case, size):
    return f"{base}/c/{case}?answer={size}"


def program(name, *options):
    """A client that takes URL FILE ANSWER_BYTES."""
    def command(base, case, body, size):
        return [Client.found[name], *options, url(base, case, size), body, str(size)]
    return command


def curl(base, case, body, size):
    return ["/usr/bin/curl", "-sSk", "--fail", "-o", "/dev/null", "--data-binary", f"@{body}",
            url(base, case, size)]


def wget(base, case, body, size):
    return ["/usr/bin/wget", "-q", "--no-check-certificate", "-O", "/dev/null",
            f"--post-file={body}", url(base, case, size)]


def chromium(base, case, body, size):
    return ["/usr/bin/chromium", "--headless", "--no-sandbox", "--disable-gpu",
            "--ignore-certificate-errors", "--disable-dev-shm-usage", "--virtual-time-budget=60000",
            f"--user-data-dir={body}-chromium", "--dump-dom",
            f"{base}/page/{case}?answer={size}&request={size}"]


def grpc(base, case, body, size):
    return [PYTHON, str(HERE / "grpc_client.py"), base, case, body, str(size)]


CONTAINER = Path(__file__).parent.parent / "containers" / "run_in_container.py"


def in_container(base, case, body, size):
    """curl and its libraries as files of their own, in mount, pid and cgroup namespaces of their own."""
    return [PYTHON, str(CONTAINER), body, "/usr/bin/curl", "-sSk", "--fail", "-o", "/dev/null",
            "--data-binary", "@/body", url(base, case, size)]


def rustls(version, cipher, tls):
    """rustls over this version of ring."""
    binary = f"rustls_ring_{version}"
    name = "-".join(["rustls", f"ring{version}", cipher] + ([f"tls{tls}"] if tls else []))
    options = ["--chacha20"] if cipher == "chacha20" else []
    return Client(name, "rustls", program(binary, *options), (binary,), tls=tls,
                  address="ciphertext")


CLIENTS = [
    Client("curl", "openssl", curl, ("/usr/bin/curl",)),
    Client("curl-tls1.2", "openssl", curl, ("/usr/bin/curl",), tls="1.2"),
    Client("python-ssl", "openssl", program(PYTHON, str(HERE / "client.py"), "sync"), (PYTHON,)),
    Client("python-asyncio", "openssl", program(PYTHON, str(HERE / "client.py"), "asyncio"),
           (PYTHON,), address="ciphertext"),
    Client("node", "openssl", program("node", str(HERE / "client.mjs")), ("node",),
           address="ciphertext"),
    Client("openssl-seccomp", "openssl", program("openssl_shared", "--seccomp"),
           ("openssl_shared",)),
    Client("openssl-bio", "openssl", program("openssl_shared", "--bio"), ("openssl_shared",)),
    Client("openssl-static-stripped", "openssl", program("openssl_static_stripped"),
           ("openssl_static_stripped",)),
    Client("boringssl-android", "boringssl", program("boringssl_shared"), ("boringssl_shared",)),
    Client("grpcio", "openssl", grpc, (PYTHON,), address="ciphertext", server="grpc"),
    Client("curl-in-runc", "openssl", in_container, ("/usr/sbin/runc",)),
    Client("wget", "gnutls", wget, ("/usr/bin/wget",)),
    Client("curl-gnutls", "gnutls", program("curl_gnutls"), ("curl_gnutls",)),
    Client("curl-nss", "nss", program("curl_nss"), ("curl_nss",)),
    Client("go", "go", program("go_client"), ("go_client",)),
    Client("go-stripped", "go", program("go_client_stripped"), ("go_client_stripped",)),
    Client("go-tls1.2", "go", program("go_client_stripped"), ("go_client_stripped",), tls="1.2"),
    Client("bun", "boringssl", program("bun", "run", str(HERE / "client.mjs")), ("bun",),
           address="ciphertext"),
    Client("bun-compiled", "boringssl", program("bun_compiled"), ("bun_compiled",),
           address="ciphertext"),
    Client("deno", "rustls", program("deno", "run", "-A", "--no-lock",
                                     "--unsafely-ignore-certificate-errors",
                                     str(HERE / "client.mjs")),
           ("deno",), address="ciphertext", environment={"DENO_NO_UPDATE_CHECK": "1"}),
    Client("chromium", "boringssl", chromium, ("/usr/bin/chromium",)),
]
CLIENTS += [rustls(version, cipher, tls) for version in ("0.16", "0.17")
            for cipher in ("aes-gcm", "chacha20") for tls in (None, "1.2")]
