// Proof that probes deliver: a private TLS conversation between two ends in one short-lived child
// process, whose plaintext must come back out of the ring.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "agent/base/bytes.h"
#include "agent/base/result.h"

namespace sonde::app {

class SelfTest {
 public:
  SelfTest();

  // Runs the child and waits for it. Called from one thread; the pipeline's goes on meanwhile.
  Status call();
  // The pipeline's thread tells of every piece of plaintext of the child.
  void on_data(uint32_t tgid, Bytes bytes);
  // Since the last call().
  bool heard() const { return heard_.load(); }

 private:
  const std::string token_;  // letters and digits
  std::atomic<uint32_t> child_{0};
  std::atomic<bool> heard_{false};
};

// The child's part: `sonde self-test TOKEN`. Speaks TLS with itself over memory, no network.
int run_self_test_call(const std::string& token);

}  // namespace sonde::app
