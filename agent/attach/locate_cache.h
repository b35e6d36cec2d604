// What was located before, by the identity of the file.
//
// The key is (device, inode, size, mtime, ctime), not the build-id alone: a build-id is a claim of
// the file, and a container could bring a copy of a library with its build-id and a forged symbol
// table, to make Sonde probe the real library inside an instruction. The identity cannot be forged
// (nobody sets ctime), and files shared by containers (overlayfs lower layers) share it. The
// build-id is part of what is kept and must still match.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>

#include "agent/attach/locator.h"
#include "agent/base/result.h"

namespace sonde::attach {

// Thread-safe. Bounded: the least recently used report goes first, on disk the oldest.
class LocateCache {
 public:
  struct Statistics {
    uint64_t hits = 0;
    uint64_t misses = 0;
  };

  // `folder` keeps reports over restarts (created 0700; ignored if others may write it); empty:
  // none. On disk there are at most twice `entries`.
  explicit LocateCache(size_t entries = 1024, std::filesystem::path folder = {});

  // As locate(); errors are not kept.
  Result<std::shared_ptr<const LocateReport>> locate(const std::filesystem::path& file,
                                                     const LocateLimits& limits = {});

  Statistics statistics() const;

 private:
  // device, inode, size, mtime and ctime in nanoseconds
  using Key = std::tuple<uint64_t, uint64_t, uint64_t, int64_t, int64_t>;
  struct Entry {
    Key key;
    std::shared_ptr<const LocateReport> report;
  };

  std::shared_ptr<const LocateReport> find(const Key& key);
  void keep(const Key& key, std::shared_ptr<const LocateReport> report);
  std::filesystem::path path_of(const Key& key) const;
  std::shared_ptr<const LocateReport> load(const Key& key) const;
  void save(const Key& key, const LocateReport& report);

  const size_t entries_;
  std::filesystem::path folder_;
  std::atomic<uint64_t> saved_{0};
  mutable std::mutex mutex_;
  std::list<Entry> recent_;  // newest first
  std::map<Key, std::list<Entry>::iterator> by_key_;
  Statistics statistics_;
};

}  // namespace sonde::attach
