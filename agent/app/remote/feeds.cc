#include "agent/app/remote/feeds.h"

#include <unistd.h>

namespace sonde::app {

Feeds::Feeds(std::vector<Feed> feeds, std::chrono::seconds interval, Report report)
    : feeds_(std::move(feeds)),
      interval_(interval),
      report_(std::move(report)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Result<std::unique_ptr<Feeds>> Feeds::start(const std::vector<TaxiiConfig>& collections,
                                            std::chrono::seconds interval, Report report) {
  std::vector<Feed> feeds;
  for (const TaxiiConfig& collection : collections) {
    egress::HttpOptions options;
    options.ca = collection.ca;
    options.timeout = collection.timeout;
    options.answer_bytes = TaxiiClient::kPageBytes;
    auto http = egress::HttpClient::create(options);
    if (!http.ok()) return tl::unexpected<Error>(http.error());
    feeds.push_back({collection, std::move(*http)});
  }
  return std::unique_ptr<Feeds>(new Feeds(std::move(feeds), interval, std::move(report)));
}

Feeds::~Feeds() {
  thread_.request_stop();
  for (const Feed& feed : feeds_) feed.http->cancel();
}

std::vector<std::string> Feeds::lists(const std::vector<TaxiiConfig>& collections) {
  std::vector<std::string> lists;
  for (const TaxiiConfig& collection : collections) {
    std::string path = TaxiiClient::list_path(collection);
    if (::access(path.c_str(), R_OK) == 0) lists.push_back(std::move(path));
  }
  return lists;
}

void Feeds::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    for (const Feed& feed : feeds_) {
      TaxiiClient client(feed.config, [&feed](const std::string& url, const auto& headers) {
        return feed.http->get(url, headers);
      });
      const auto refreshed = client.refresh();
      if (stop.stop_requested()) return;
      report_(feed.config.collection, refreshed);
      if (refreshed.ok() && refreshed->objects > 0) changed_ = true;
    }
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, stop, interval_, [] { return false; });
  }
}

}  // namespace sonde::app
