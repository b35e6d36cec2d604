"""One unary call of a file's bytes over TLS: grpc_client.py BASE_URL CASE FILE ANSWER_BYTES"""
import os
import sys
from urllib.parse import urlsplit

import grpc

url, case, path, size = urlsplit(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
credentials = grpc.ssl_channel_credentials(open(os.environ["SSL_CERT_FILE"], "rb").read())
options = [("grpc.ssl_target_name_override", "localhost"), ("grpc.max_receive_message_length", -1),
           ("grpc.max_send_message_length", -1), ("grpc.enable_http_proxy", 0)]
with grpc.secure_channel(url.netloc, credentials, options) as channel:
    call = channel.unary_unary("/table.Table/Call")
    answer = call(f"{case} {size}\n".encode() + open(path, "rb").read(), timeout=80)
if len(answer) != size:
    sys.exit(f"{len(answer)} bytes of answer, {size} expected")
