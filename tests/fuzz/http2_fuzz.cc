// Both directions of an HTTP/2 connection behind its preface and settings.
#include "agent/http/http2_frame.h"
#include "tests/fuzz/session_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace std::string_literals;
  const std::string settings = "\0\0\0\4\0\0\0\0\0"s;
  return sonde::http::fuzz::run_session(
      data, size, {std::string(sonde::http::kHttp2Preface) + settings, settings});
}
