// What a person does about what `sonde doctor` found.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace sonde::app {

struct Advice {
  std::string what;  // is wrong, and what follows from it
  std::string how;   // to put it right: commands and files
};

// Of a report as `sonde doctor --json` prints it (sonde.doctor/1); the gravest first. Processes of
// one executable with one reason are one piece of advice. Empty: nothing is to be done.
std::vector<Advice> advise(const nlohmann::json& report);

}  // namespace sonde::app
