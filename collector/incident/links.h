// Which entities join alerts, for how long, and under which condition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sonde::incident {

// kStrong: sharing it is enough. The others are weak, because unrelated things happen in the same
// place and one person does many things: two alerts are joined by the same person in the same place
// (or by two signs of the person), and only when they follow the kill chain.
enum class Strength { kIgnored, kPlace, kPerson, kStrong };

struct LinkRule {
  Strength strength;
  int64_t window_ms;
  // An entity that more alerts share within the window says nothing (a NAT gateway, a busy
  // container). 0: it always counts, however many share it (ten thousand alerts of one conversation
  // are one story); then the newest kNewestSharers are looked at.
  int64_t most_sharers;
};

inline constexpr int64_t kNewestSharers = 20;

LinkRule link_rule(std::string_view entity_type);
// The less, the more an entity of this type tells: where there are too many, these are kept.
size_t link_rank(std::string_view entity_type);

// Entities are remembered by stretches of time as long as their window, so that a window reaches
// into three of them at most, however much is stored. When a window changes, what was remembered
// under the old one is not found any more.
inline int64_t bucket_of(int64_t time_ms, const LinkRule& rule) {
  return rule.window_ms == 0 ? 0 : time_ms - time_ms % rule.window_ms;
}

// The longest window of all: how long entities are remembered.
inline constexpr int64_t kLongestWindowMs = int64_t{7} * 24 * 3'600'000;

// Made by the correlator from host and application: "web-1/chatbot".
inline constexpr std::string_view kHostApplication = "host_application";

}  // namespace sonde::incident
