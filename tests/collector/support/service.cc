#include "tests/collector/support/service.h"

#include "collector/api/url.h"

namespace sonde::testing {

ServiceTest::ServiceTest()
    : writer_(pool(), {}, [] {}),
      context_(pool(), writer_, events_, metrics_, [this] { return now_ms_; }, {}),
      service_(context_) {}

api::Response ServiceTest::send(api::Request request) {
  api::Admission admission = service_.admit(request);
  if (admission.refused) return *admission.refused;
  return service_.handle(request, admission);
}

api::Request ServiceTest::request(const std::string& method, const std::string& target,
                                  const std::string& body) {
  api::Request request;
  request.method = method;
  request.target = target;
  const size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string::npos) {
    request.query = api::parse_query(target.substr(question + 1)).value();
  }
  request.body = body;
  request.remote_address = "192.0.2.7";
  if (!body.empty()) request.headers.emplace_back("content-type", "application/json");
  return request;
}

api::Request ServiceTest::as_token(api::Request request, store::Role role) {
  const auto token = context_.accounts.create_token("test", role, now_ms_, std::nullopt);
  request.headers.emplace_back("authorization", "Bearer " + token->secret);
  return request;
}

api::Request ServiceTest::as_agent(api::Request request, const std::string& agent_id) {
  request.peer = api::PeerCertificate{agent_id, "fingerprint-of-" + agent_id};
  return request;
}

nlohmann::json ServiceTest::json_of(const api::Response& response) {
  return nlohmann::json::parse(response.body, nullptr, false);
}

void ServiceTest::deliver(const std::string& line) {
  const auto response = send(as_agent(request("POST", "/api/v1/ingest", line)));
  ASSERT_EQ(response.status, 200) << response.body;
  ASSERT_EQ(json_of(response)["accepted"], 1) << response.body;
}

std::pair<std::string, std::string> ServiceTest::log_in(store::Role role) {
  EXPECT_TRUE(context_.accounts.add_user("ada", role, kPassword, now_ms_).ok());
  const auto response =
      send(request("POST", "/api/v1/sessions",
                   nlohmann::json{{"username", "ada"}, {"password", kPassword}}.dump()));
  EXPECT_EQ(response.status, 201);
  for (const auto& [name, value] : response.headers) {
    if (name == "Set-Cookie") {
      return {value.substr(0, value.find(';')), json_of(response)["csrf_token"]};
    }
  }
  ADD_FAILURE() << "no cookie";
  return {};
}

}  // namespace sonde::testing
