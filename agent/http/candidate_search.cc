#include "agent/http/candidate_search.h"

#include <algorithm>
#include <utility>

namespace sonde::http {

std::string CandidateSearch::take_found() {
  std::string found = std::move(text_);
  reset();
  return found;
}

void CandidateSearch::reset() {
  text_ = {};
  scanned_ = pending_count_ = 0;
}

bool CandidateSearch::keep_from(size_t at) {
  text_.erase(0, at);
  return true;
}

void CandidateSearch::remember(size_t at) {
  if (pending_count_ == kPendingMax) forget(0);
  pending_[pending_count_++] = at;
}

void CandidateSearch::forget(size_t index) {
  std::copy(pending_.begin() + index + 1, pending_.begin() + pending_count_,
            pending_.begin() + index);
  --pending_count_;
}

// Drops what no candidate needs.
void CandidateSearch::trim() {
  while (pending_count_ > 0 && text_.size() - pending_[0] > kKeptBytes) forget(0);
  const size_t unneeded = pending_count_ > 0 ? pending_[0] : text_.size();
  if (unneeded == 0) return;
  text_.erase(0, unneeded);
  scanned_ -= unneeded;
  for (size_t i = 0; i < pending_count_; ++i) pending_[i] -= unneeded;
}

}  // namespace sonde::http
