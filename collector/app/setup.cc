#include "collector/app/setup.h"

#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "collector/app/command_parts.h"
#include "collector/store/accounts.h"
#include "collector/store/fleet.h"
#include "collector/store/secrets.h"

namespace sonde::collector {
namespace {

using Json = nlohmann::json;

constexpr int64_t kEnrolmentMs = 24 * 3'600'000LL;

// The one-time password of a new administrator; nullopt where there are users.
Result<std::optional<std::string>> first_user(store::Pool& pool, const std::string& name) {
  store::AccountStore accounts(pool);
  const auto users = accounts.users();
  if (!users.ok()) return tl::unexpected<Error>(users.error());
  if (!users->empty()) return std::optional<std::string>();
  std::string password = store::random_secret(12);
  const auto user = accounts.add_user(name, store::Role::kAdmin, password, wall_ms(), true);
  if (!user.ok()) return tl::unexpected<Error>(user.error());
  if (const Status noted = audit(pool, "user.add", name); !noted.ok()) {
    return tl::unexpected<Error>(noted.error());
  }
  return std::optional(std::move(password));
}

// "0.0.0.0:8443" is reached as this host.
std::string portal_url(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  std::string address = listen.substr(0, colon);
  if (address == "0.0.0.0" || address == "[::]") address = "localhost";
  return fmt::format("https://{}{}/", address,
                     colon == std::string::npos ? "" : listen.substr(colon));
}

void print_text(const Json& made) {
  fmt::print("portal                  {}\n", made["portal"].get<std::string>());
  fmt::print("certificate authority   {}\n", made["ca"].get<std::string>());
  if (made.contains("password")) {
    fmt::print("user                    {}\n", made["user"].get<std::string>());
    fmt::print("one-time password       {}   (the first login asks for another)\n",
               made["password"].get<std::string>());
  } else {
    fmt::print("users                   exist already; see: sonde-collector user list\n");
  }
  for (const auto& [agent, token] : made["enrolment"].items()) {
    fmt::print("enrolment token         {}   (agent {}, valid 24 h, once)\n",
               token.get<std::string>(), agent);
  }
}

}  // namespace

Status set_up(const Config& config, const SetupRequest& request) {
  auto pool = store::Pool::open(config.store(), 1);
  if (!pool.ok()) return tl::unexpected<Error>(pool.error());
  Json made = {{"portal", portal_url(config.listen)},
               {"ca", config.tls_client_ca},
               {"enrolment", Json::object()}};
  const auto password = first_user(**pool, request.admin);
  if (!password.ok()) return tl::unexpected<Error>(password.error());
  if (*password) {
    made["user"] = request.admin;
    made["password"] = **password;
  }
  for (const std::string& agent : request.agents) {
    const int64_t now = wall_ms();
    const auto token = store::FleetStore(**pool).create_enrolment(agent, now, now + kEnrolmentMs);
    if (!token.ok()) return tl::unexpected<Error>(token.error());
    if (Status noted = audit(**pool, "agent.enrol", agent); !noted.ok()) return noted;
    made["enrolment"][agent] = *token;
  }
  if (request.json) {
    fmt::print("{}\n", made.dump());
  } else {
    print_text(made);
  }
  return {};
}

}  // namespace sonde::collector
