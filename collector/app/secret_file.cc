#include "collector/app/secret_file.h"

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

namespace sonde::collector {

Status make_secret_file(const std::string& path, std::string_view content) {
  std::error_code there;  // what is wrong, open() says
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), there);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return fail_errno("cannot make " + path, errno);
  const ssize_t size = ::write(file, content.data(), content.size());
  ::close(file);
  if (size != static_cast<ssize_t>(content.size())) return fail("cannot write " + path);
  return {};
}

}  // namespace sonde::collector
