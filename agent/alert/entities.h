// What alerts can have in common: the collector joins alerts of one story by these.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/alert/alert.h"

namespace sonde::alert {

struct Entity {
  std::string_view
      type;  // "secret", "conversation", ...: as collector/incident/links.cc knows them
  std::string value;
  bool operator==(const Entity&) const = default;
};

// Distinct, at most 64. Values that mean something on one host only carry the agent's id.
std::vector<Entity> entities_of(const detect::Finding& finding, const llm::Exchange& exchange,
                                const HostFacts& host);

}  // namespace sonde::alert
