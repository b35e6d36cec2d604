// Small files of the host, read from wherever its root is seen: "/", or /proc/1/root in a container
// that shares the host's processes. Symbolic links are followed inside that root, as the host
// itself would (openat2(2), RESOLVE_IN_ROOT).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/base/unique_fd.h"

namespace sonde::app {

class HostFiles {
 public:
  // A root that cannot be opened is replaced by this process's own.
  explicit HostFiles(const std::string& root);

  // The whole of a regular file; nullopt when it is not there, is something else, or is larger.
  std::optional<std::string> read(const std::string& path, size_t max_bytes) const;
  // Names in a folder, at most `max`, sorted; none when it is not there.
  std::vector<std::string> list(const std::string& path, size_t max) const;

 private:
  UniqueFd open_inside(const std::string& path, int flags) const;
  UniqueFd root_;
};

}  // namespace sonde::app
