#include "agent/http/http1_reader.h"

#include <algorithm>
#include <utility>

namespace sonde::http {

using Kind = Http1Event::Kind;

Http1Reader::Http1Reader(StartKind kind, const Limits& limits, Counters& counters, bool searching)
    : kind_(kind),
      limits_(&limits),
      counters_(&counters),
      head_parser_(kind, limits),
      chunked_(limits),
      state_(searching ? State::kSearch : State::kHead) {}

Http1Event Http1Reader::next(Bytes& input) {
  for (;;) {
    const bool replaying = !replay_.empty();
    if (!replaying && !replayed_.empty()) replayed_ = {};
    const Http1Event event = step(replaying ? replay_ : input);
    if (event.kind != Kind::kNeedMore || (!replaying && replay_.empty())) return event;
  }
}

Http1Event Http1Reader::step(Bytes& input) {
  switch (state_) {
    case State::kSearch:
      find_head(input);
      return {};
    case State::kHead:
      return read_head(input);
    case State::kBody:
      return read_body(input);
    case State::kEmptyBody:
      return finish(End::kComplete);
    case State::kUnframed:
      return cut();
    case State::kFraming:
      break;
  }
  return {};
}

Http1Event Http1Reader::read_head(Bytes& input) {
  switch (head_parser_.consume(input)) {
    case Progress::kNeedMore:
      return {};
    case Progress::kInvalid:
      reject_head(input);
      return {};
    case Progress::kMessage:
      break;
  }
  if (!acceptable_head()) {
    search();
    find_head(input);
    return {};
  }
  tentative_ = false;
  state_ = State::kFraming;
  return {.kind = Kind::kHead};
}

// A head found inside unknown bytes must be beyond doubt: HTTP/1.1 requests name their host
// (RFC 9112, 3.2), responses of interest have at least one field.
bool Http1Reader::acceptable_head() {
  if (!tentative_) return true;
  const Head& found = head_parser_.head();
  if (kind_ == StartKind::kResponse) return !found.fields.empty();
  return found.version == Version::kHttp10 || !found.field("host").empty();
}

void Http1Reader::reject_head(Bytes& input) {
  if (!tentative_) {
    counters_->add(head_parser_.too_big() ? Count::kHttpHeaderTooBig : Count::kHttpInvalid);
  }
  std::string line = std::move(head_parser_.failed_line());
  search();
  carry_ = std::move(line);  // it may be the start of the next message
  find_head(input);
}

void Http1Reader::search() {
  counters_->add(Count::kHttpResync);
  state_ = State::kSearch;
  tentative_ = incomplete_ = false;
  carry_.clear();
  head_parser_.reset();
}

// Takes all of `input`. If a start line is found, it and what follows it are replayed.
void Http1Reader::find_head(Bytes& input) {
  carry_ += as_text(std::exchange(input, {}));
  const StartSearch found = find_start(kind_, carry_);
  carry_.erase(0, found.offset);
  if (found.likeness != Likeness::kYes) return;
  head_parser_.reset();
  tentative_ = true;
  state_ = State::kHead;
  replayed_ = std::exchange(carry_, {});
  replay_ = as_bytes(replayed_);
}

void Http1Reader::begin_body(std::optional<Framing> framing) {
  head_parser_.reset();
  incomplete_ = false;
  if (!framing) {
    counters_->add(Count::kHttpInvalid);
    state_ = State::kUnframed;
    return;
  }
  framing_ = *framing;
  chunked_ = ChunkedDecoder(*limits_);
  const bool empty = framing_.kind == Framing::Kind::kLength && framing_.length == 0;
  state_ = empty ? State::kEmptyBody : State::kBody;
}

Http1Event Http1Reader::read_body(Bytes& input) {
  if (input.empty()) return {};
  if (framing_.kind == Framing::Kind::kLength) return read_length_body(input);
  Http1Event event{.kind = Kind::kBody};
  if (framing_.kind == Framing::Kind::kUntilClose) {
    event.bytes = std::exchange(input, {});
    return event;
  }
  switch (chunked_.next(input, event.bytes)) {
    case ChunkedDecoder::Step::kNeedMore:
      return {};
    case ChunkedDecoder::Step::kData:
      return event;
    case ChunkedDecoder::Step::kEnd:
      return finish(End::kComplete);
    case ChunkedDecoder::Step::kInvalid:
      break;
  }
  counters_->add(Count::kHttpInvalid);
  return cut();
}

Http1Event Http1Reader::read_length_body(Bytes& input) {
  const size_t size = static_cast<size_t>(std::min<uint64_t>(framing_.length, input.size()));
  const Http1Event event{.kind = Kind::kBody, .bytes = input.first(size)};
  input = input.subspan(size);
  framing_.length -= size;
  if (framing_.length == 0) state_ = State::kEmptyBody;
  return event;
}

Http1Event Http1Reader::finish(End end) {
  if (incomplete_) end = End::kTruncated;
  incomplete_ = false;
  state_ = State::kHead;
  return {.kind = Kind::kEnd, .end = end};
}

Http1Event Http1Reader::cut() {
  search();
  return {.kind = Kind::kEnd, .end = End::kTruncated};
}

Http1Event Http1Reader::gap(uint64_t count) {
  replay_ = {};
  if (state_ != State::kBody) {
    search();
    return {};
  }
  const Http1Event event{.kind = Kind::kGap, .lost_bytes = count};
  const bool known = count > 0;
  incomplete_ = true;
  switch (framing_.kind) {
    case Framing::Kind::kUntilClose:
      return event;
    case Framing::Kind::kLength:
      if (!known || count > framing_.length) return cut();
      framing_.length -= count;
      if (framing_.length == 0) state_ = State::kEmptyBody;
      return event;
    case Framing::Kind::kChunked:
      if (!known || count > chunked_.chunk_remaining()) return cut();
      chunked_.skip(count);
      return event;
  }
  return cut();
}

Http1Event Http1Reader::close(Ending ending) {
  if (state_ != State::kBody) return {};
  const bool whole = framing_.kind == Framing::Kind::kUntilClose && ending == Ending::kClosed;
  return finish(whole ? End::kComplete : End::kTruncated);
}

}  // namespace sonde::http
