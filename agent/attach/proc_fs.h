// What /proc says of processes: mapped code, identity, parents, container. The root is a parameter,
// so that a test can lay out a /proc of its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/attach/cgroup_path.h"

namespace sonde::attach {

// A file that a process maps executable.
struct MappedFile {
  uint64_t device = 0;
  uint64_t inode = 0;
  std::string path;  // as the process sees it, without " (deleted)"
  bool deleted = false;
  uint64_t map_start = 0;
  uint64_t map_end = 0;
};

struct ProcessIdentity {
  uint32_t tgid = 0;
  uint32_t parent_tgid = 0;
  uint32_t uid = 0;
  uint64_t start_time_ns = 0;  // since boot
  std::string exe;
  std::vector<std::string> command_line;
  CgroupMembership cgroup;
};

class ProcFs {
 public:
  explicit ProcFs(std::filesystem::path root = "/proc") : root_(std::move(root)) {}

  std::vector<uint32_t> processes() const;
  std::vector<MappedFile> executable_mappings(uint32_t tgid) const;
  // nullopt when the process is gone.
  std::optional<ProcessIdentity> identity(uint32_t tgid) const;
  // Where this process's file can be opened from here: through its root, or map_files when deleted.
  std::filesystem::path open_path(uint32_t tgid, const MappedFile& file) const;
  std::filesystem::path path_in_root(uint32_t tgid, const std::string& path) const;

 private:
  std::filesystem::path entry(uint32_t tgid, std::string_view name) const;
  std::filesystem::path root_;
};

}  // namespace sonde::attach
