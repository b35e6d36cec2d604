#include "tests/collector/support/database.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include <fmt/format.h>
#include <unistd.h>

namespace sonde::testing {
namespace {

std::string run(const std::string& command) {
  std::string output;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot run " + command);
  std::array<char, 512> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), pipe)) output += buffer.data();
  if (::pclose(pipe) != 0) throw std::runtime_error(command + " failed");
  while (!output.empty() && output.back() == '\n') output.pop_back();
  return output;
}

std::string temporary_directory(const std::string& prefix) {
  std::string path = (std::filesystem::temp_directory_path() / (prefix + ".XXXXXX")).string();
  if (!::mkdtemp(path.data())) throw std::runtime_error("cannot make a temporary folder");
  return path;
}

// Lives as long as the process.
class PrivateServer {
 public:
  PrivateServer() : directory_(temporary_directory("sonde-pg")) {
    url_ =
        run(fmt::format("{}/tests/collector/postgres.sh start {}", SONDE_SOURCE_DIR, directory_));
  }
  ~PrivateServer() {
    run(fmt::format("{}/tests/collector/postgres.sh stop {}", SONDE_SOURCE_DIR, directory_));
  }
  const std::string& url() const { return url_; }

 private:
  std::string directory_;
  std::string url_;
};

const std::string& server_url() {
  static const std::string kGiven = [] {
    const char* url = std::getenv("SONDE_TEST_POSTGRES_URL");
    return std::string(url ? url : "");
  }();
  if (!kGiven.empty()) return kGiven;
  static const PrivateServer kServer;
  return kServer.url();
}

void on_server(const std::string& statement) {
  auto connection = store::sql::connect(server_url());
  if (!connection.ok()) throw std::runtime_error(connection.error().message);
  if (const Status done = (*connection)->script(statement); !done.ok()) {
    throw std::runtime_error(done.error().message);
  }
}

}  // namespace

TestDatabase::TestDatabase(Kind kind) {
  if (kind == Kind::kSqlite) {
    directory_ = temporary_directory("sonde-store");
    url_ = "sqlite:" + directory_ + "/test.db";
    return;
  }
  static int count = 0;
  name_ = fmt::format("t_{}_{}", ::getpid(), ++count);
  on_server("CREATE DATABASE " + name_);
  url_ = server_url();
  url_.replace(url_.find("///") + 3, std::string("postgres").size(), name_);
}

TestDatabase::~TestDatabase() {
  if (!directory_.empty()) std::filesystem::remove_all(directory_);
  if (!name_.empty()) on_server("DROP DATABASE " + name_ + " WITH (FORCE)");
}

StoreTest::StoreTest() : database_(GetParam()) {
  auto pool = store::Pool::open(database_.url(), 4);
  if (!pool.ok()) throw std::runtime_error(pool.error().message);
  pool_ = std::move(*pool);
}

std::string kind_name(const ::testing::TestParamInfo<Kind>& info) {
  return info.param == Kind::kSqlite ? "Sqlite" : "Postgres";
}

}  // namespace sonde::testing
