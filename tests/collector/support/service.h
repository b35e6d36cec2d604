// The API without a socket, on a fresh store, at a time the test decides.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "collector/api/service.h"
#include "tests/collector/support/database.h"

namespace sonde::testing {

inline constexpr const char* kPassword = "correct horse battery";

class ServiceTest : public StoreTest {
 protected:
  ServiceTest();

  // What a connection would do: admit, then handle.
  api::Response send(api::Request request);
  static api::Request request(const std::string& method, const std::string& target,
                              const std::string& body = {});
  api::Request as_token(api::Request request, store::Role role);
  api::Request as_agent(api::Request request, const std::string& agent_id = "agent-1");
  static nlohmann::json json_of(const api::Response& response);
  // Sends one alert line as agent-1; fails the test if it is not accepted.
  void deliver(const std::string& line);
  // Makes the user ada and logs in: {cookie header, CSRF token}.
  std::pair<std::string, std::string> log_in(store::Role role);

  int64_t now_ms_ = 1'763'880'000'000;
  api::Metrics metrics_;
  api::EventHub events_{8};
  store::IngestWriter writer_;
  api::Context context_;
  api::Service service_;
};

}  // namespace sonde::testing
