// Both directions of a WebSocket behind its upgrade, with compression agreed.
#include "tests/fuzz/session_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return sonde::http::fuzz::run_session(
      data, size,
      {"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
       "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n\r\n"});
}
