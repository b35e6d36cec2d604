#!/bin/busybox sh
# What is tested on every kernel: all programs load, and exchanges of real clients are heard, with TLS
# and without.
status=0
/usr/bin/python3 /tests/kernel/capture_table.py --hear /hear --programs /programs \
  --size 1 --size 16385 --size 300000 \
  --client curl --client python-ssl --client python-asyncio --client node --client go-stripped \
  --client openssl-seccomp --client wget --client rustls-ring0.16-aes-gcm \
  --client rustls-ring0.16-chacha20-tls1.2 || status=1
/usr/bin/python3 /tests/kernel/plain_http.py --hear /hear --programs /programs \
  --client curl --client python-call --client python-vectors --client node-request || status=1
exit $status
