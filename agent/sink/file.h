// A file descriptor that closes itself, and the few file operations that the sinks need whole.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "agent/base/result.h"

namespace sonde::sink {

// Owns a descriptor. Errors name the path.
class File {
 public:
  // Always with O_CLOEXEC and O_NOFOLLOW; new files get mode 0600.
  static Result<File> open(const std::string& path, int flags);
  // The directory itself, made with mode 0700 if it is not there; others' access is taken away.
  static Result<File> open_private_directory(const std::string& path);

  File(File&& other) noexcept
      : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&& other) noexcept;
  ~File();

  int descriptor() const { return descriptor_; }
  const std::string& path() const { return path_; }

  Result<uint64_t> size() const;
  Status write_all(std::string_view bytes);
  // At most `size` bytes from `offset`; fewer at the end of the file.
  Result<std::string> read(uint64_t offset, size_t size) const;
  Status truncate(uint64_t size);
  Status sync_data() const;

 private:
  File(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  std::string path_;
  int descriptor_ = -1;
};

// Readers see the old content or the new one, never a mixture, whenever the machine stops.
Status replace_file(const std::string& path, std::string_view content);

}  // namespace sonde::sink
