#include "agent/sink/file.h"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sonde::sink {

Result<File> File::open(const std::string& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return fail_errno("cannot open '" + path + "'", errno);
  return File(path, descriptor);
}

Result<File> File::open_private_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail_errno("cannot make the directory '" + path + "'", errno);
  }
  auto directory = open(path, O_RDONLY | O_DIRECTORY);
  if (!directory.ok()) return directory;
  struct stat status{};
  if (::fstat(directory->descriptor(), &status) != 0) {
    return fail_errno("cannot inspect '" + path + "'", errno);
  }
  if (status.st_uid != ::geteuid()) {
    return fail("'" + path + "' belongs to another user; it must belong to the agent's", EPERM);
  }
  if ((status.st_mode & 077) != 0 && ::fchmod(directory->descriptor(), 0700) != 0) {
    return fail_errno("cannot make '" + path + "' private", errno);
  }
  return directory;
}

File& File::operator=(File&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<uint64_t> File::size() const {
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0)
    return fail_errno("cannot inspect '" + path_ + "'", errno);
  return static_cast<uint64_t>(status.st_size);
}

Status File::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno("cannot write '" + path_ + "'", errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Result<std::string> File::read(uint64_t offset, size_t size) const {
  std::string bytes(size, '\0');
  size_t filled = 0;
  while (filled < size) {
    const ssize_t count = ::pread(descriptor_, bytes.data() + filled, size - filled,
                                  static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("cannot read '" + path_ + "'", errno);
    if (count == 0) break;
    filled += static_cast<size_t>(count);
  }
  bytes.resize(filled);
  return bytes;
}

Status File::truncate(uint64_t size) {
  if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) {
    return fail_errno("cannot truncate '" + path_ + "'", errno);
  }
  return {};
}

Status File::sync_data() const {
  // Directories have no data: fdatasync on one does what fsync does.
  if (::fdatasync(descriptor_) != 0) return fail_errno("cannot sync '" + path_ + "'", errno);
  return {};
}

Status replace_file(const std::string& path, std::string_view content) {
  const std::string temporary = path + ".new";
  auto file = File::open(temporary, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file.ok()) return tl::unexpected<Error>(file.error());
  if (Status written = file->write_all(content); !written.ok()) return written;
  // Before the rename: else the new name could stand before its content does.
  if (Status synced = file->sync_data(); !synced.ok()) return synced;
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return fail_errno("cannot replace '" + path + "'", errno);
  }
  return {};
}

}  // namespace sonde::sink
