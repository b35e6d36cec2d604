// Keeps the lists of TAXII collections fresh on a thread of its own. The lists of the last good
// refresh are there from the start.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "agent/app/remote/taxii.h"

namespace sonde::app {

class Feeds {
 public:
  // Told of each refresh, on the feeds' thread; the error says why one failed.
  using Report =
      std::function<void(const std::string& collection, const Result<TaxiiClient::Refreshed>&)>;

  static Result<std::unique_ptr<Feeds>> start(const std::vector<TaxiiConfig>& collections,
                                              std::chrono::seconds interval, Report report);
  // Ends a transfer that is under way.
  ~Feeds();

  // Lists that are there: of those collections that were ever fetched.
  static std::vector<std::string> lists(const std::vector<TaxiiConfig>& collections);
  // Has a list changed since the last call?
  bool take_changed() { return changed_.exchange(false); }

 private:
  struct Feed {
    TaxiiConfig config;
    std::unique_ptr<egress::HttpClient> http;  // of the feeds' thread, but for cancel()
  };

  Feeds(std::vector<Feed> feeds, std::chrono::seconds interval, Report report);
  void run(const std::stop_token& stop);

  const std::vector<Feed> feeds_;
  const std::chrono::seconds interval_;
  const Report report_;
  std::atomic<bool> changed_{false};
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;  // last: uses all of the above
};

}  // namespace sonde::app
