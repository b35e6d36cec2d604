// Who speaks to a model, as baselines know it: the program and where it runs, without what changes
// at each start (pid, container id, pod name).
#pragma once

#include <string>

#include "agent/llm/exchange.h"

namespace sonde::detect {

// Empty where no process is known, as in an offline scan: there is no baseline then.
inline std::string application_key(const llm::Exchange& exchange) {
  if (exchange.process.pid == 0) return {};
  std::string key = exchange.process.exe;
  if (exchange.container) key += "|" + exchange.container->image;
  if (exchange.kubernetes) {
    key += "|" + exchange.kubernetes->namespace_name + "/" + exchange.kubernetes->container;
  }
  return key + "|" + exchange.user.application_name;
}

}  // namespace sonde::detect
