// Finds the next unit of a binary framing in a stream that was entered in its middle.
//
// Each byte is looked at once as the start of a unit; a candidate that cannot be judged yet is
// remembered and judged again as bytes come. Invariant: kept text and remembered candidates are
// bounded, whatever the peer sends. Pure; not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/base/bytes.h"

namespace sonde::http {

enum class Candidate : uint8_t {
  kRefused,
  kPending,    // may be a unit, more bytes will tell
  kConfirmed,  // what stands here and behind it leaves no reasonable doubt
};

class CandidateSearch {
 public:
  // Takes `bytes`. True: found() begins with a unit. `judge(Bytes all, size_t at)` answers for one
  // place; the first confirmed place wins over earlier ones that are still pending.
  template <typename Judge>
  bool feed(Bytes bytes, Judge&& judge) {
    text_ += as_text(bytes);
    const Bytes all = as_bytes(text_);
    for (size_t i = 0; i < pending_count_;) {
      const Candidate verdict = judge(all, pending_[i]);
      if (verdict == Candidate::kConfirmed) return keep_from(pending_[i]);
      verdict == Candidate::kRefused ? forget(i) : void(++i);
    }
    for (; scanned_ < all.size(); ++scanned_) {
      const Candidate verdict = judge(all, scanned_);
      if (verdict == Candidate::kConfirmed) return keep_from(scanned_);
      if (verdict == Candidate::kPending) remember(scanned_);
    }
    trim();
    return false;
  }

  // After feed() said true: the unit and all that follows it. Begins a new search.
  std::string take_found();
  void reset();

 private:
  static constexpr size_t kPendingMax = 32;
  static constexpr size_t kKeptBytes = 256 << 10;

  bool keep_from(size_t at);
  void remember(size_t at);
  void forget(size_t index);
  void trim();

  std::string text_;
  size_t scanned_ = 0;
  std::array<size_t, kPendingMax> pending_{};  // ascending
  size_t pending_count_ = 0;
};

}  // namespace sonde::http
