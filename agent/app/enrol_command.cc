// `sonde enrol`: one command makes this host known to a collector.
#include <array>
#include <filesystem>
#include <fstream>
#include <iostream>

#include <fmt/format.h>
#include <unistd.h>

#include "agent/app/commands.h"
#include "agent/sink/enrolment.h"

namespace sonde::app {

int run_enrol(const EnrolOptions& options) {
  sink::EnrolmentRequest request;
  request.url = options.url;
  request.ca = options.ca;
  request.directory = options.directory;
  request.agent_id = options.agent_id;
  request.waiting = [](std::chrono::seconds wait) {
    std::cerr << fmt::format("the collector is busy; asking again in {} s\n", wait.count());
  };
  std::array<char, 256> host{};
  if (request.agent_id.empty() && ::gethostname(host.data(), host.size() - 1) == 0) {
    request.agent_id = host.data();
  }
  // Not from the command line, where every user of the host could read it.
  if (options.token_file.empty() || options.token_file == "-") {
    std::getline(std::cin, request.token);
  } else {
    std::ifstream file(options.token_file);
    if (!std::getline(file, request.token))
      return complain(fmt::format("cannot read a token from '{}'", options.token_file),
                      kExitFailure);
  }
  const auto agent_id = sink::enrol(request);
  if (!agent_id.ok()) return complain(agent_id.error().message, kExitFailure);
  const std::string policy_key = options.directory + "/policy.pub";
  fmt::print(
      "enrolled as '{0}'; for the agent's configuration:\n\ncollector:\n  url: {1}\n"
      "  ca: {2}\n  cert: {3}/agent.crt\n  key: {3}/agent.key\n{4}",
      *agent_id, options.url, options.ca.empty() ? options.directory + "/ca.crt" : options.ca,
      options.directory,
      std::filesystem::exists(policy_key) ? fmt::format("  policy_key: {}\n", policy_key) : "");
  return kExitGood;
}

}  // namespace sonde::app
