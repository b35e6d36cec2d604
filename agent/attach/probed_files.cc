#include "agent/attach/probed_files.h"

#include <iterator>

#include <sys/sysmacros.h>

namespace sonde::attach {
namespace {

int64_t written_ns(const struct stat& file) {
  return file.st_mtim.tv_sec * 1'000'000'000 + file.st_mtim.tv_nsec;
}

std::pair<uint64_t, uint64_t> key_of(const struct stat& file) {
  return {device_of(file), file.st_ino};
}

}  // namespace

uint64_t device_of(const struct stat& file) {
  return (uint64_t{major(file.st_dev)} << 20) | minor(file.st_dev);
}

bool ProbedFiles::sees(const struct stat& file, Clock::time_point now) {
  const auto found = files_.find(key_of(file));
  if (found == files_.end() || found->second.written_ns != written_ns(file)) return false;
  found->second.last_seen = now;
  return true;
}

void ProbedFiles::saw_mapping(uint64_t device, uint64_t inode, Clock::time_point now) {
  const auto found = files_.find({device, inode});
  if (found != files_.end()) found->second.last_seen = now;
}

void ProbedFiles::add(const struct stat& file, std::string path, std::vector<uint32_t> targets,
                      Clock::time_point now) {
  File& entry = files_[key_of(file)];
  entry.path = std::move(path);
  entry.targets.insert(entry.targets.end(), targets.begin(), targets.end());
  entry.written_ns = written_ns(file);
  entry.last_seen = now;
}

std::vector<ProbedFiles::Stale> ProbedFiles::take_stale(Clock::time_point now,
                                                        const InPlace& in_place) {
  std::vector<Stale> stale;
  for (auto at = files_.begin(); at != files_.end();) {
    const auto& [key, file] = *at;
    Stale candidate{key.first, key.second, file.path, file.targets};
    if (now - file.last_seen > kPatience && !in_place(candidate)) {
      stale.push_back(std::move(candidate));
      at = files_.erase(at);
    } else {
      ++at;
    }
  }
  return stale;
}

}  // namespace sonde::attach
