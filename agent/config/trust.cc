#include "agent/config/trust.h"

#include <cerrno>

#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/result.h"

namespace sonde::config {

void check_trusted(const std::string& path, Problems& problems) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return;  // reading it has said so
  if (!S_ISREG(status.st_mode)) return problems.add(path + ": is no regular file");
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    problems.add(fmt::format("{0}: belongs to another user; run: chown root {0}", path));
  }
  if ((status.st_mode & 022) != 0) {
    problems.add(fmt::format("{0}: others can write it; run: chmod go-w {0}", path));
  }
}

void check_secret(std::string_view key, const std::string& path, Problems& problems) {
  if (path.empty()) return;
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    problems.add(fmt::format("'{}': {}", key, fail_errno(path, errno).value().message));
  } else if ((status.st_mode & 037) != 0) {
    problems.add(fmt::format("'{}': others can read or change it; run: chmod 0600 {}", key, path));
  }
}

}  // namespace sonde::config
