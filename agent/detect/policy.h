// What an organisation allows. Empty lists allow everything; '*' at the end of an entry stands for
// any text.
#pragma once

#include <string>
#include <vector>

namespace sonde::detect {

struct Policy {
  std::vector<std::string> allowed_providers;
  std::vector<std::string> allowed_models;
};

}  // namespace sonde::detect
