// Feeds the index of full-text search behind the alerts.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "collector/store/search.h"

namespace sonde::collector {

// Owns one thread. It looks once a second; nobody needs to wake it, because a search takes in what
// is new by itself.
class Indexing {
 public:
  // While `busy` answers true nothing is indexed: delivery goes first.
  Indexing(store::Pool& pool, std::function<bool()> busy);
  ~Indexing();
  Indexing(const Indexing&) = delete;
  Indexing& operator=(const Indexing&) = delete;

 private:
  void run();
  void take_all();
  bool stopped_within(int64_t milliseconds);

  store::SearchIndex index_;
  const std::function<bool()> busy_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sonde::collector
