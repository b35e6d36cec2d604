// The same finding, over and over, is one alert with a count.
//
// Equal are findings of one alert name, detector, application and proof: the detector's fingerprint
// where it gives one, else the evidence itself; of personal data the type alone. Bounded; the entry
// that ends first is forgotten first. Not thread-safe: owned by a shard.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>

#include "agent/base/counters.h"
#include "agent/base/time.h"
#include "agent/detect/finding.h"
#include "agent/llm/exchange.h"

namespace sonde::alert {

struct DeduplicatorConfig {
  std::chrono::seconds window{300};  // from the first of its kind, so that a flood is not silent
  size_t entries = 16384;
};

class Deduplicator {
 public:
  Deduplicator(const DeduplicatorConfig& config, Counters& counters);

  struct Verdict {
    bool raise = true;
    // Findings merged into the earlier alert of this kind since that was raised: what to say with
    // the next one ("and 41 more").
    uint64_t merged_before = 0;
  };

  // `now` is the exchange's time. Time that goes backwards (exchanges end out of order) is fine.
  Verdict admit(const detect::Finding& finding, const llm::Exchange& exchange, WallTime now);

  void set_window(std::chrono::seconds window) { config_.window = window; }
  size_t size() const { return by_key_.size(); }

 private:
  using Key = std::array<uint64_t, 2>;
  struct KeyHash {
    size_t operator()(const Key& key) const { return key[0]; }
  };
  struct Entry {
    Key key;
    WallTime raised;
    uint64_t merged = 0;
  };
  static Key key_of(const detect::Finding& finding, const llm::Exchange& exchange);

  DeduplicatorConfig config_;
  Counters& counters_;
  std::list<Entry> in_order_;  // oldest first
  std::unordered_map<Key, std::list<Entry>::iterator, KeyHash> by_key_;
};

}  // namespace sonde::alert
