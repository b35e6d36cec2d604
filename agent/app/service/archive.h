// A .tar.gz written file by file (POSIX.1-1988 ustar in gzip).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/base/result.h"

namespace sonde::app {

class Archive {
 public:
  // Makes the file with mode 0600; fails where there is one of that name.
  static Result<Archive> create(const std::string& path);
  Archive(Archive&& other) noexcept;
  Archive& operator=(Archive&&) = delete;
  ~Archive();

  // `name`: relative, shorter than 100 bytes. `unix_seconds`: its time of change.
  Status add(std::string_view name, std::string_view content, int64_t unix_seconds);
  // Without it the archive is not whole.
  Status finish();

 private:
  Archive(std::string path, void* stream) : path_(std::move(path)), stream_(stream) {}
  Status write(std::string_view bytes);

  std::string path_;
  void* stream_ = nullptr;  // gzFile
};

}  // namespace sonde::app
