#include "agent/http/body.h"

#include <algorithm>
#include <utility>

#include "agent/http/coding_guess.h"

namespace sonde::http {

namespace {
// Brotli's tables may take some hundred bytes before the first byte of text.
constexpr size_t kEnoughToGuess = 1024;
}  // namespace

void Body::begin(const Head& head) {
  chain_.reset();
  delivered_ = 0;
  held_.clear();
  cut_ = incomplete_ = unknown_coding_ = false;
  // Content codings were applied before transfer codings; CodingChain decodes the last added first.
  for (const std::string_view name : {"content-encoding", "transfer-encoding"}) {
    for (const Field& field : head.fields) {
      if (field.name != name) continue;
      if (!chain_) chain_.emplace(*limits_);
      chain_->add(field.value);
    }
  }
  if (chain_ && chain_->empty()) chain_.reset();
  unknown_coding_ = !chain_ && head.has_opaque_field();
}

// The coding is told from the first bytes, the same ones however the body is cut. A body that stays
// unintelligible is passed on, but not as one that was heard whole.
void Body::choose_coding(Bytes first) {
  unknown_coding_ = false;
  const CodingGuess guess = guess_coding(first.first(std::min(first.size(), kEnoughToGuess)));
  if (!guess.certain) incomplete_ = true;
  if (guess.coding.empty()) return;
  chain_.emplace(*limits_);
  chain_->add(guess.coding);
}

bool Body::hold(Bytes input) {
  held_ += as_text(input);
  if (held_.size() < kEnoughToGuess) return false;
  choose_coding(as_bytes(held_));
  return true;
}

Bytes Body::next(Bytes& input) {
  if (cut_) {
    counters_->add(Count::kHttpBodyBytesDropped, input.size());
    input = {};
    return {};
  }
  if (!chain_) return limited(std::exchange(input, {}));
  const Bytes piece = chain_->next(input);
  if (chain_->failure() != CodingChain::Failure::kNone) fail();
  return limited(piece);
}

Bytes Body::limited(Bytes piece) {
  const uint64_t room = limits_->body_bytes - delivered_;
  if (piece.size() > room) {
    counters_->add(Count::kHttpBodyTruncated);
    counters_->add(Count::kHttpBodyBytesDropped, piece.size() - room);
    piece = piece.first(static_cast<size_t>(room));
    cut_ = incomplete_ = true;
  }
  delivered_ += piece.size();
  return piece;
}

void Body::fail() {
  const bool bomb = chain_->failure() == CodingChain::Failure::kBomb;
  counters_->add(bomb ? Count::kHttpDecodeBomb : Count::kHttpDecodeFailed);
  cut_ = incomplete_ = true;
}

bool Body::gap() {
  incomplete_ = true;
  if (cut_) return false;
  if (chain_ || unknown_coding_) cut_ = true;  // no coding here can be entered in its middle
  unknown_coding_ = false;
  return true;
}

End Body::finish(End framing) {
  if (!cut_ && chain_ && !chain_->whole()) {
    incomplete_ = true;
    if (framing == End::kComplete) counters_->add(Count::kHttpDecodeFailed);
  }
  chain_.reset();
  return incomplete_ ? End::kTruncated : framing;
}

}  // namespace sonde::http
