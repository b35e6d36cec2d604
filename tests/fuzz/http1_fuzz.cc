// Both directions of a connection that may speak anything: see session_harness.h.
#include "tests/fuzz/session_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return sonde::http::fuzz::run_session(data, size, {});
}
