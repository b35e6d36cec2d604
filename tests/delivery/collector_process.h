// The real collector as a process of its own, on SQLite, in a directory that goes with it.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>
#include <sys/types.h>

namespace sonde::testing {

class CollectorProcess {
 public:
  CollectorProcess();
  ~CollectorProcess();
  CollectorProcess(const CollectorProcess&) = delete;
  CollectorProcess& operator=(const CollectorProcess&) = delete;

  const std::string& directory() const { return directory_; }
  std::string url() const;
  std::string ca() const { return directory_ + "/state/pki/ca.crt"; }

  // Output of an administrative command ("token create x --role agent"); empty on failure.
  std::string command(const std::string& arguments);

  // Until it listens; false if it does not. The port stays the same over restarts.
  bool start();
  void stop(int signal);

  // GET with a token, or POST where `body` is not empty; discarded where there is no answer.
  nlohmann::json call(const std::string& path, const std::string& token,
                      const std::string& body = {});
  // uids of all alerts in the store.
  std::vector<std::string> stored_alerts(const std::string& token);

 private:
  std::string directory_;
  int port_ = 0;
  pid_t pid_ = 0;
  FILE* log_ = nullptr;
};

}  // namespace sonde::testing
