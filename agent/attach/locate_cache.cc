#include "agent/attach/locate_cache.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/attach/elf_image.h"
#include "agent/attach/report_codec.h"

namespace sonde::attach {
namespace {

constexpr uintmax_t kLargestReport = 1 << 20;

int64_t nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// A folder that others can write could hand us forged offsets.
bool is_private(const std::filesystem::path& folder) {
  struct stat status{};
  return ::stat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
         status.st_uid == ::geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// A file that is gone for ever leaves its report behind: the oldest go, whatever they are of.
void keep_newest(const std::filesystem::path& folder, size_t most) {
  std::vector<std::pair<std::filesystem::file_time_type, std::filesystem::path>> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const auto written = entry.last_write_time(error);
    if (!error) files.emplace_back(written, entry.path());
  }
  if (files.size() <= most) return;
  std::sort(files.begin(), files.end());
  files.resize(files.size() - most);
  for (const auto& [written, path] : files) std::filesystem::remove(path, error);
}

}  // namespace

LocateCache::LocateCache(size_t entries, std::filesystem::path folder)
    : entries_(entries), folder_(std::move(folder)) {
  if (folder_.empty()) return;
  ::mkdir(folder_.c_str(), 0700);
  if (!is_private(folder_)) folder_.clear();
  if (!folder_.empty()) keep_newest(folder_, entries_);
}

Result<std::shared_ptr<const LocateReport>> LocateCache::locate(const std::filesystem::path& file,
                                                                const LocateLimits& limits) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return fail_errno(fmt::format("cannot open '{}'", file.string()), errno);
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) {
    const int error = errno;
    ::close(descriptor);
    return fail_errno(fmt::format("cannot stat '{}'", file.string()), error);
  }
  const Key key{status.st_dev, status.st_ino, static_cast<uint64_t>(status.st_size),
                nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
  Result<ElfImage> image = ElfImage::from_descriptor(descriptor, file.string(), limits);
  if (!image.ok()) return tl::unexpected(image.error());
  if (auto known = find(key); known && known->build_id == image->build_id()) return known;
  auto report = std::make_shared<const LocateReport>(attach::locate(*image));
  save(key, *report);
  keep(key, report);
  return report;
}

std::shared_ptr<const LocateReport> LocateCache::find(const Key& key) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = by_key_.find(key);
    if (found != by_key_.end()) {
      recent_.splice(recent_.begin(), recent_, found->second);
      ++statistics_.hits;
      return found->second->report;
    }
  }
  auto report = load(key);
  if (report) keep(key, report);
  const std::lock_guard lock(mutex_);
  ++(report ? statistics_.hits : statistics_.misses);
  return report;
}

void LocateCache::keep(const Key& key, std::shared_ptr<const LocateReport> report) {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    found->second->report = std::move(report);
    return;
  }
  recent_.push_front({key, std::move(report)});
  by_key_[key] = recent_.begin();
  while (recent_.size() > entries_) {
    by_key_.erase(recent_.back().key);
    recent_.pop_back();
  }
}

std::filesystem::path LocateCache::path_of(const Key& key) const {
  const auto& [device, inode, size, modified, changed] = key;
  return folder_ /
         fmt::format("{:x}-{:x}-{:x}-{:x}-{:x}.json", device, inode, size, modified, changed);
}

std::shared_ptr<const LocateReport> LocateCache::load(const Key& key) const {
  if (folder_.empty()) return nullptr;
  const std::filesystem::path path = path_of(key);
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(path, error);
  if (error || size > kLargestReport) return nullptr;
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto report = decode_report(text);
  return report ? std::make_shared<const LocateReport>(std::move(*report)) : nullptr;
}

// Written beside its name and renamed, so that a reader never sees half of it. A full disk costs
// only the next search.
void LocateCache::save(const Key& key, const LocateReport& report) {
  if (folder_.empty()) return;
  const std::filesystem::path path = path_of(key);
  const std::filesystem::path draft = fmt::format("{}.{}", path.string(), ::getpid());
  std::error_code error;
  {
    std::ofstream file(draft, std::ios::binary | std::ios::trunc);
    file << encode_report(report);
    if (!file.flush()) {
      std::filesystem::remove(draft, error);
      return;
    }
  }
  std::filesystem::rename(draft, path, error);
  if (error) std::filesystem::remove(draft, error);
  if (++saved_ % entries_ == 0) keep_newest(folder_, entries_);
}

LocateCache::Statistics LocateCache::statistics() const {
  const std::lock_guard lock(mutex_);
  return statistics_;
}

}  // namespace sonde::attach
