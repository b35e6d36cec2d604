#include "collector/api/events.h"

#include <algorithm>

#include <fmt/format.h>

namespace sonde::api {

void Subscription::push(std::string_view name, std::string_view json) {
  const std::lock_guard lock(mutex_);
  if (queue_.size() >= kQueuedEvents) {
    ++dropped_;
    return;
  }
  queue_.push_back(fmt::format("event: {}\ndata: {}\n\n", name, json));
}

std::string Subscription::take() {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const std::string& event : queue_) text += event;
  queue_.clear();
  if (dropped_ > 0) {
    fmt::format_to(std::back_inserter(text), "event: events.dropped\ndata: {{\"count\":{}}}\n\n",
                   dropped_);
    dropped_ = 0;
  }
  return text;
}

std::shared_ptr<Subscription> EventHub::subscribe() {
  const std::lock_guard lock(mutex_);
  std::erase_if(subscriptions_, [](const auto& entry) { return entry.expired(); });
  if (subscriptions_.size() >= max_subscriptions_) return nullptr;
  auto subscription = std::make_shared<Subscription>();
  subscriptions_.push_back(subscription);
  return subscription;
}

void EventHub::publish(std::string_view name, std::string_view json) {
  const std::lock_guard lock(mutex_);
  for (const auto& entry : subscriptions_) {
    if (const auto subscription = entry.lock()) subscription->push(name, json);
  }
}

bool EventHub::has_listeners() {
  const std::lock_guard lock(mutex_);
  return std::any_of(subscriptions_.begin(), subscriptions_.end(),
                     [](const auto& entry) { return !entry.expired(); });
}

void EventHub::close_all() {
  const std::lock_guard lock(mutex_);
  for (const auto& entry : subscriptions_) {
    if (const auto subscription = entry.lock()) subscription->close();
  }
}

}  // namespace sonde::api
