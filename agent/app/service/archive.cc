#include "agent/app/service/archive.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <numeric>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>

namespace sonde::app {
namespace {

constexpr size_t kBlock = 512;

// POSIX.1-1988, "ustar": texts and octal numbers at fixed places, sum over the whole block.
std::string header_of(std::string_view name, size_t size, int64_t unix_seconds) {
  std::string block(kBlock, '\0');
  const auto put = [&](size_t at, std::string_view text) { block.replace(at, text.size(), text); };
  put(0, name);
  put(100, "0000600");
  put(108, "0000000");
  put(116, "0000000");
  put(124, fmt::format("{:011o}", size));
  put(136, fmt::format("{:011o}", unix_seconds));
  put(148, "        ");
  put(156, "0");
  put(257, "ustar");
  put(263, "00");
  const unsigned sum = std::accumulate(block.begin(), block.end(), 0U, [](unsigned total, char c) {
    return total + static_cast<unsigned char>(c);
  });
  put(148, fmt::format("{:06o}", sum));
  block[154] = '\0';
  return block;
}

}  // namespace

Result<Archive> Archive::create(const std::string& path) {
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return fail_errno(fmt::format("cannot create '{}'", path), errno);
  gzFile stream = gzdopen(descriptor, "wb");
  if (stream == nullptr) {
    ::close(descriptor);
    return fail(fmt::format("cannot write '{}': out of memory", path));
  }
  return Archive(path, stream);
}

Archive::Archive(Archive&& other) noexcept
    : path_(std::move(other.path_)), stream_(std::exchange(other.stream_, nullptr)) {}

Archive::~Archive() {
  if (stream_ != nullptr) gzclose(static_cast<gzFile>(stream_));
}

Status Archive::write(std::string_view bytes) {
  auto* const stream = static_cast<gzFile>(stream_);
  if (bytes.empty()) return {};
  if (gzwrite(stream, bytes.data(), static_cast<unsigned>(bytes.size())) == 0) {
    return fail_errno(fmt::format("cannot write '{}'", path_), errno);
  }
  return {};
}

Status Archive::add(std::string_view name, std::string_view content, int64_t unix_seconds) {
  assert(!name.empty() && name.size() < 100);
  const std::string header = header_of(name, content.size(), std::max<int64_t>(unix_seconds, 0));
  const std::string padding((kBlock - content.size() % kBlock) % kBlock, '\0');
  for (const std::string_view part :
       {std::string_view(header), content, std::string_view(padding)}) {
    if (Status written = write(part); !written.ok()) return written;
  }
  return {};
}

Status Archive::finish() {
  if (Status written = write(std::string(2 * kBlock, '\0')); !written.ok()) return written;
  const int closed = gzclose(static_cast<gzFile>(std::exchange(stream_, nullptr)));
  if (closed != Z_OK) return fail_errno(fmt::format("cannot write '{}'", path_), errno);
  return {};
}

}  // namespace sonde::app
