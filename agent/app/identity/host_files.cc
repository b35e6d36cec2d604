#include "agent/app/identity/host_files.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace sonde::app {
namespace {

constexpr int kRootFlags = O_PATH | O_DIRECTORY | O_CLOEXEC;

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

}  // namespace

HostFiles::HostFiles(const std::string& root) : root_(::open(root.c_str(), kRootFlags)) {
  if (!root_.valid()) root_ = UniqueFd(::open("/", kRootFlags));
}

UniqueFd HostFiles::open_inside(const std::string& path, int flags) const {
  const size_t start = std::min(path.find_first_not_of('/'), path.size());
  const char* const relative = path.c_str() + start;
  open_how how{};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const long fd = syscall(SYS_openat2, root_.get(), relative, &how, sizeof(how));
  if (fd >= 0) return UniqueFd(static_cast<int>(fd));
  // An old seccomp profile does not know the call. Links then lead through this process's root.
  if (errno != ENOSYS && errno != EPERM) return {};
  return UniqueFd(openat(root_.get(), relative, static_cast<int>(how.flags)));
}

std::optional<std::string> HostFiles::read(const std::string& path, size_t max_bytes) const {
  const UniqueFd file = open_inside(path, O_RDONLY);
  struct stat info{};
  if (!file.valid() || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  std::string text(max_bytes + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = ::read(file.get(), text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) break;
    size += static_cast<size_t>(count);
  }
  if (size > max_bytes) return std::nullopt;
  text.resize(size);
  return text;
}

std::vector<std::string> HostFiles::list(const std::string& path, size_t max) const {
  UniqueFd opened = open_inside(path, O_RDONLY | O_DIRECTORY);
  std::vector<std::string> names;
  if (!opened.valid()) return names;
  const std::unique_ptr<DIR, CloseFolder> folder(fdopendir(dup(opened.get())));
  if (!folder) return names;
  while (names.size() < max) {
    const dirent* const entry = readdir(folder.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace sonde::app
