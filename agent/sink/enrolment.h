// How this host comes by its client certificate: a key made here, that never leaves, and a request
// signed by the collector (collector/api/openapi.yaml): at first in exchange for an enrolment
// token, later for the certificate that is about to expire.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "agent/base/result.h"
#include "agent/sink/certificate.h"
#include "agent/sink/collector_client.h"

namespace sonde::sink {

struct EnrolmentRequest {
  std::string url;        // "https://collector:8443"
  std::string ca;         // PEM file that vouches for the collector; empty: the system's
  std::string token;      // of `sonde-collector agent enrol`
  std::string directory;  // gets agent.key, agent.crt, ca.crt, policy.pub, fleet.key; mode 0700
  std::string agent_id;   // asked for with a token for many hosts; empty: the token says it
  // A collector that is asked by a whole fleet at once says when to come again: until then, but not
  // for longer than this over all.
  std::chrono::seconds patience{300};
  // Told of each wait.
  std::function<void(std::chrono::seconds)> waiting = [](std::chrono::seconds) {};
};

// Files are written only after the collector answered; an earlier certificate stays in place
// otherwise. Answers the agent's id. Errors say what the collector said.
Result<std::string> enrol(const EnrolmentRequest& request);

// Whether two thirds of the certificate's life are over, a little earlier or later for each agent,
// so that those who enrolled together do not come back together.
bool renewal_is_due(const CertificateFacts& certificate, int64_t now_s);

// A new key and certificate in place of the old ones, of which `client` holds the certificate.
Status renew(CollectorClient& client, const CertificateFiles& files);

}  // namespace sonde::sink
