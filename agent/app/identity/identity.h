// The container and the pod that a cgroup belongs to.
#pragma once

#include <optional>

#include "agent/llm/exchange.h"

namespace sonde::app {

struct Identity {
  std::optional<llm::Container> container;
  std::optional<llm::Kubernetes> kubernetes;
};

}  // namespace sonde::app
