// A map of bounded size: the entry that was not used for longest goes first. Not thread-safe.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace sonde::detect {

template <typename Value>
class LruMap {
 public:
  explicit LruMap(size_t most) : most_(most) {}

  // The entry of `key`, made where there is none.
  Value& operator[](const std::string& key) {
    if (Value* value = find(key)) return *value;
    if (entries_.size() >= most_) {
      places_.erase(entries_.back().first);
      entries_.pop_back();
    }
    entries_.emplace_front(key, Value());
    places_[key] = entries_.begin();
    return entries_.front().second;
  }

  Value* find(const std::string& key) {
    const auto place = places_.find(key);
    if (place == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, place->second);
    return &entries_.front().second;
  }

  void erase(const std::string& key) {
    const auto place = places_.find(key);
    if (place == places_.end()) return;
    entries_.erase(place->second);
    places_.erase(place);
  }

  // The one used last first.
  template <typename Function>
  void for_each(Function&& function) const {
    for (const Entry& entry : entries_) function(entry.first, entry.second);
  }

  size_t size() const { return entries_.size(); }

 private:
  using Entry = std::pair<std::string, Value>;
  size_t most_;
  std::list<Entry> entries_;  // most recently used first
  std::unordered_map<std::string, typename std::list<Entry>::iterator> places_;
};

}  // namespace sonde::detect
