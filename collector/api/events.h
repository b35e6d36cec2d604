// Live events: whoever publishes never waits for whoever listens.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::api {

// One listener. Its queue is bounded: what does not fit is counted, and told as `events.dropped`.
// Thread-safe.
class Subscription {
 public:
  static constexpr size_t kQueuedEvents = 512;

  void push(std::string_view name, std::string_view json);
  // Everything queued, in the wire format of server-sent events; empty if there is nothing.
  std::string take();
  // Set when the listener has to log in again or the server stops.
  void close() { closed_ = true; }
  bool closed() const { return closed_; }

  // Asked now and then by the server: false ends the stream (session over, token revoked).
  std::function<bool()> still_allowed;

 private:
  std::mutex mutex_;
  std::deque<std::string> queue_;
  size_t dropped_ = 0;
  std::atomic<bool> closed_ = false;
};

class EventHub {
 public:
  explicit EventHub(size_t max_subscriptions) : max_subscriptions_(max_subscriptions) {}

  // nullptr when too many listen already.
  std::shared_ptr<Subscription> subscribe();
  // `json` is one line.
  void publish(std::string_view name, std::string_view json);
  bool has_listeners();
  void close_all();

 private:
  const size_t max_subscriptions_;
  std::mutex mutex_;
  // Shared with the connection that writes the stream; it is gone from here when that one is.
  std::vector<std::weak_ptr<Subscription>> subscriptions_;
};

}  // namespace sonde::api
