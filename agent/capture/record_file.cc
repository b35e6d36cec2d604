#include "agent/capture/record_file.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "sonde/abi.h"

namespace sonde::capture {
namespace {

constexpr std::array<char, 8> kSignature = {'S', 'O', 'N', 'D', 'E', 'R', 'E', 'C'};
constexpr size_t kMaxRecordBytes = 16 << 20;

}  // namespace

Result<RecordWriter> RecordWriter::create(const std::filesystem::path& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return fail_errno(fmt::format("cannot create '{}'", path.string()), errno);
  close(fd);
  std::ofstream file(path, std::ios::binary);
  const uint32_t version = SONDE_ABI_VERSION;
  file.write(kSignature.data(), kSignature.size());
  file.write(reinterpret_cast<const char*>(&version), sizeof(version));
  if (!file) return fail(fmt::format("cannot write '{}'", path.string()));
  return RecordWriter(std::move(file));
}

Status RecordWriter::write(Bytes record) {
  file_.write(as_text(record).data(), static_cast<std::streamsize>(record.size()));
  if (!file_) return fail("cannot write the recording: is the disk full?");
  return {};
}

Status RecordWriter::finish() {
  file_.flush();
  if (!file_) return fail("cannot write the recording: is the disk full?");
  return {};
}

Result<RecordReader> RecordReader::open(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail_errno(fmt::format("cannot open '{}'", path.string()), errno);
  std::array<char, 8> signature{};
  uint32_t version = 0;
  file.read(signature.data(), signature.size());
  file.read(reinterpret_cast<char*>(&version), sizeof(version));
  if (!file || signature != kSignature) {
    return fail(fmt::format("'{}' is not a recording: make one with `sonde record -o FILE`",
                            path.string()));
  }
  if (version != SONDE_ABI_VERSION) {
    return fail(fmt::format("'{}' has version {} of the format; this sonde reads version {}",
                            path.string(), version, SONDE_ABI_VERSION));
  }
  return RecordReader(std::move(file), path.string());
}

Result<Bytes> RecordReader::next() {
  record_.resize(sizeof(sonde_record_header));
  file_.read(reinterpret_cast<char*>(record_.data()), static_cast<std::streamsize>(record_.size()));
  if (file_.gcount() == 0) return Bytes{};
  sonde_record_header header{};
  if (file_) std::memcpy(&header, record_.data(), sizeof(header));
  if (!file_ || header.size < sizeof(header) || header.size > kMaxRecordBytes) {
    return fail(fmt::format("'{}' is cut or damaged: what came before it was read", name_));
  }
  record_.resize(header.size);
  file_.read(reinterpret_cast<char*>(record_.data() + sizeof(header)),
             static_cast<std::streamsize>(header.size - sizeof(header)));
  if (!file_)
    return fail(fmt::format("'{}' ends inside a record: what came before it was read", name_));
  return Bytes(record_);
}

}  // namespace sonde::capture
