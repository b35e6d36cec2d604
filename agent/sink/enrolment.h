// How this host comes by its client certificate: a key made here, that never leaves, and a request
// signed by the collector in exchange for a one-time token (collector/api/openapi.yaml, enrol).
#pragma once

#include <string>

#include "agent/base/result.h"

namespace sonde::sink {

struct EnrolmentRequest {
  std::string url;        // "https://collector:8443"
  std::string ca;         // PEM file that vouches for the collector; empty: the system's
  std::string token;      // of `sonde-collector agent enrol`
  std::string directory;  // gets agent.key, agent.crt, ca.crt; made with mode 0700
};

// Files are written only after the collector answered; an earlier certificate stays in place
// otherwise. Answers the agent's id. Errors say what the collector said.
Result<std::string> enrol(const EnrolmentRequest& request);

}  // namespace sonde::sink
