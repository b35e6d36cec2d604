#include "agent/app/remote/feeds.h"

#include <unistd.h>

namespace sonde::app {

Feeds::Feeds(std::vector<TaxiiConfig> collections, std::chrono::seconds interval,
             std::unique_ptr<HttpClient> http, Report report)
    : collections_(std::move(collections)),
      interval_(interval),
      http_(std::move(http)),
      report_(std::move(report)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Feeds::~Feeds() = default;

std::vector<std::string> Feeds::lists(const std::vector<TaxiiConfig>& collections) {
  struct NoClient final : HttpClient {
    Result<HttpAnswer> send(const HttpRequest& /*request*/) override { return fail("offline"); }
  } none;
  std::vector<std::string> lists;
  for (const TaxiiConfig& collection : collections) {
    std::string path = TaxiiClient(collection, none).list_path();
    if (::access(path.c_str(), R_OK) == 0) lists.push_back(std::move(path));
  }
  return lists;
}

void Feeds::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    for (const TaxiiConfig& collection : collections_) {
      if (stop.stop_requested()) return;
      const auto refreshed = TaxiiClient(collection, *http_).refresh();
      report_(collection.collection, refreshed);
      if (refreshed.ok() && refreshed->objects > 0) changed_ = true;
    }
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, stop, interval_, [] { return false; });
  }
}

}  // namespace sonde::app
