#include "agent/attach/stdio_watch.h"

#include <string>
#include <system_error>

#include <fmt/format.h>

#include "agent/attach/proc_fs.h"

namespace sonde::attach {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxDescriptors = 65536;

std::string link_of(const fs::path& path) {
  std::error_code error;
  return fs::read_symlink(path, error).string();
}

bool is_pipe(const std::string& link) { return link.starts_with("pipe:"); }
bool is_socket(const std::string& link) { return link.starts_with("socket:"); }

// The link's own permissions are the descriptor's mode (proc_pid_fd(5)).
bool has_mode(const fs::path& link, fs::perms mode) {
  std::error_code error;
  const auto status = fs::symlink_status(link, error);
  return !error && (status.permissions() & mode) != fs::perms::none;
}

}  // namespace

fs::path StdioWatch::descriptors(uint32_t tgid) const {
  return root_ / std::to_string(tgid) / "fd";
}

uint32_t StdioWatch::parent_of(uint32_t tgid) const {
  const auto identity = ProcFs(root_).identity(tgid);
  return identity ? identity->parent_tgid : 0;
}

bool StdioWatch::holds_other_ends(uint32_t tgid, const std::string& input,
                                  const std::string& output) const {
  bool writes_input = is_socket(input);
  bool reads_output = is_socket(output);
  std::error_code error;
  size_t seen = 0;
  for (fs::directory_iterator at(descriptors(tgid), error), end;
       !error && at != end && ++seen < kMaxDescriptors && !(writes_input && reads_output);
       at.increment(error)) {
    const std::string link = link_of(at->path());
    if (link == input && has_mode(at->path(), fs::perms::owner_write)) writes_input = true;
    if (link == output && has_mode(at->path(), fs::perms::owner_read)) reads_output = true;
  }
  return writes_input && reads_output;
}

std::optional<std::vector<uint32_t>> StdioWatch::clients_of(uint32_t tgid) const {
  const std::string input = link_of(descriptors(tgid) / "0");
  const std::string output = link_of(descriptors(tgid) / "1");
  if (!(is_pipe(input) || is_socket(input)) || !(is_pipe(output) || is_socket(output))) {
    return std::nullopt;
  }
  std::vector<uint32_t> ancestors;
  bool found = false;
  uint32_t parent = parent_of(tgid);
  for (int i = 0; i < kAncestors && parent > 1; ++i) {
    ancestors.push_back(parent);
    found |= holds_other_ends(parent, input, output);
    parent = parent_of(parent);
  }
  if (!found) return std::nullopt;
  return ancestors;
}

Result<std::vector<uint32_t>> StdioWatch::consider(uint32_t tgid) {
  std::vector<uint32_t> heard;
  if (!probe_.available()) return heard;
  const auto clients = clients_of(tgid);
  if (!clients) {
    probe_.forget(tgid);
    return heard;
  }
  heard.push_back(tgid);
  heard.insert(heard.end(), clients->begin(), clients->end());
  if (const Status status = probe_.hear(tgid, *clients); !status.ok()) {
    return tl::unexpected(status.error());
  }
  return heard;
}

}  // namespace sonde::attach
