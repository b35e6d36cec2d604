#include "collector/app/demo.h"

#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "collector/app/command_parts.h"
#include "collector/app/daemon.h"
#include "collector/app/demo_data.h"
#include "collector/store/accounts.h"
#include "collector/store/secrets.h"

namespace sonde::collector {
namespace {

struct Person {
  const char* name;
  store::Role role;
};
constexpr std::array kPeople = {
    Person{"admin", store::Role::kAdmin}, Person{"mira", store::Role::kAnalyst},
    Person{"jonas", store::Role::kAnalyst}, Person{"vera", store::Role::kViewer}};

Status fill(const Config& config, uint64_t seed, const std::string& password) {
  auto pool = store::Pool::open(config.store(), 1);
  if (!pool.ok()) return tl::unexpected<Error>(pool.error());
  if (Status filled = fill_demo(**pool, seed, wall_ms()); !filled.ok()) return filled;
  for (const Person& person : kPeople) {
    const auto added =
        store::AccountStore(**pool).add_user(person.name, person.role, password, wall_ms());
    if (!added.ok()) return tl::unexpected<Error>(added.error());
  }
  fmt::print("users admin, mira (analyst), jonas (analyst) and vera (viewer), password {}\n",
             password);
  return {};
}

}  // namespace

Status run_demo(const Config& config, const DemoRequest& request) {
  const std::string password = store::random_secret(12);
  if (request.fill_only) return fill(config, request.seed, password);
  std::string path = (std::filesystem::temp_directory_path() / "sonde-demo.XXXXXX").string();
  if (!::mkdtemp(path.data())) return fail_errno("cannot make a temporary folder", errno);
  Config demo = config;
  demo.state_directory = path;
  demo.store_url.clear();
  demo.tls_certificate.clear();
  demo.tls_key.clear();
  Status done = prepare_state(demo);
  if (done.ok()) done = fill(demo, request.seed, password);
  if (done.ok()) {
    std::fflush(stdout);
    done = run_daemon("", demo);
  }
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
  return done;
}

}  // namespace sonde::collector
