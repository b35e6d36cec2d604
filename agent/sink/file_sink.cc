#include "agent/sink/file_sink.h"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sonde::sink {
namespace {

bool is_wanted(const Record& record, bool alerts_only) {
  return !alerts_only || record.kind == RecordKind::kAlert;
}

}  // namespace

FileSink::FileSink(const FileSinkConfig& config, Counters& counters)
    : config_(config), counters_(counters) {}

Result<std::unique_ptr<FileSink>> FileSink::create(const FileSinkConfig& config,
                                                   Counters& counters) {
  std::unique_ptr<FileSink> sink(new FileSink(config, counters));
  if (Status opened = sink->open(); !opened.ok()) return tl::unexpected<Error>(opened.error());
  return sink;
}

Status FileSink::open() {
  auto file = File::open(config_.path, O_WRONLY | O_CREAT | O_APPEND);
  if (!file.ok()) return tl::unexpected<Error>(file.error());
  const auto size = file->size();
  if (!size.ok()) return tl::unexpected<Error>(size.error());
  size_ = *size;
  file_.emplace(std::move(*file));
  return {};
}

bool FileSink::is_moved() const {
  struct stat named{};
  struct stat opened{};
  return ::stat(config_.path.c_str(), &named) != 0 || ::fstat(file_->descriptor(), &opened) != 0 ||
         named.st_ino != opened.st_ino || named.st_dev != opened.st_dev;
}

Status FileSink::rotate() {
  file_.reset();
  if (config_.files <= 1) {
    ::unlink(config_.path.c_str());
    return open();
  }
  for (size_t i = config_.files - 1; i > 0; --i) {
    const std::string from = i == 1 ? config_.path : config_.path + "." + std::to_string(i - 1);
    // Not all of them exist yet.
    ::rename(from.c_str(), (config_.path + "." + std::to_string(i)).c_str());
  }
  return open();
}

Status FileSink::flush(std::string& text, uint64_t& lines) {
  if (text.empty()) return {};
  Status written = file_->write_all(text);
  if (written.ok()) {
    size_ += text.size();
    counters_.add(Count::kSinkDelivered, lines);
  }
  text.clear();
  lines = 0;
  return written;
}

Status FileSink::write(std::span<const Record> records) {
  if (!file_ || is_moved()) {
    file_.reset();
    if (Status opened = open(); !opened.ok()) return opened;
  }
  std::string text;
  uint64_t lines = 0;
  for (const Record& record : records) {
    if (!is_wanted(record, config_.alerts_only)) continue;
    const uint64_t before = size_ + text.size();
    if (before > 0 && before + record.json.size() + 1 > config_.max_bytes) {
      if (Status flushed = flush(text, lines); !flushed.ok()) return flushed;
      if (Status rotated = rotate(); !rotated.ok()) return rotated;
    }
    text.append(record.json).push_back('\n');
    ++lines;
  }
  return flush(text, lines);
}

void FileSink::stop(std::chrono::milliseconds) {
  if (file_) (void)file_->sync_data();
}

StreamSink::StreamSink(std::string name, int descriptor, bool alerts_only, Counters& counters)
    : name_(std::move(name)),
      descriptor_(descriptor),
      alerts_only_(alerts_only),
      counters_(counters) {}

Status StreamSink::write(std::span<const Record> records) {
  std::string text;
  uint64_t lines = 0;
  for (const Record& record : records) {
    if (!is_wanted(record, alerts_only_)) continue;
    text.append(record.json).push_back('\n');
    ++lines;
  }
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno("cannot write to " + name_, errno);
    rest.remove_prefix(static_cast<size_t>(written));
  }
  counters_.add(Count::kSinkDelivered, lines);
  return {};
}

}  // namespace sonde::sink
