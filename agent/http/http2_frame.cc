#include "agent/http/http2_frame.h"

#include <algorithm>
#include <utility>

namespace sonde::http {
namespace {

using Type = Http2FrameType;

constexpr uint32_t kPlausibleLength = 1 << 20;  // few peers raise SETTINGS_MAX_FRAME_SIZE at all
constexpr uint32_t kPlausibleStream = 1 << 24;
constexpr uint32_t kPlausibleSettings = 6 * 64;

bool only_flags(const Http2FrameHeader& header, uint8_t allowed) {
  return (header.flags & static_cast<uint8_t>(~allowed)) == 0;
}

}  // namespace

std::optional<Http2FrameHeader> read_frame_header(Bytes bytes) {
  if (bytes.size() < kHttp2FrameHeaderBytes) return std::nullopt;
  ByteReader reader(bytes);
  Http2FrameHeader header;
  header.length = *reader.u24_be();
  header.type = static_cast<Type>(*reader.u8());
  header.flags = *reader.u8();
  header.stream = *reader.u32_be() & 0x7fffffff;  // the reserved bit is ignored (4.1)
  return header;
}

bool is_legal(const Http2FrameHeader& header) {
  const bool on_stream = header.stream != 0;
  switch (header.type) {
    case Type::kData:
    case Type::kContinuation:
      return on_stream;
    case Type::kHeaders:
      return on_stream && header.length > 0;
    case Type::kPriority:
      return on_stream && header.length == 5;
    case Type::kRstStream:
      return on_stream && header.length == 4;
    case Type::kSettings:
      return !on_stream && header.length % 6 == 0 && (!header.has(kFlagAck) || header.length == 0);
    case Type::kPushPromise:
      return on_stream && header.length > 4;
    case Type::kPing:
      return !on_stream && header.length == 8;
    case Type::kGoaway:
      return !on_stream && header.length >= 8;
    case Type::kWindowUpdate:
      return header.length == 4;
  }
  return true;  // unknown types are to be ignored (5.5)
}

bool is_plausible(const Http2FrameHeader& header) {
  if (header.length > kPlausibleLength || header.stream > kPlausibleStream) return false;
  if (!is_legal(header)) return false;
  switch (header.type) {
    case Type::kData:
      return header.stream % 2 == 1 && only_flags(header, kFlagEndStream | kFlagPadded) &&
             (header.length > 0 || header.has(kFlagEndStream));
    case Type::kHeaders:
      return header.stream % 2 == 1 &&
             only_flags(header, kFlagEndStream | kFlagEndHeaders | kFlagPadded | kFlagPriority);
    case Type::kPushPromise:
      return only_flags(header, kFlagEndHeaders | kFlagPadded);
    case Type::kContinuation:
      return only_flags(header, kFlagEndHeaders);
    case Type::kSettings:
      return header.length <= kPlausibleSettings && only_flags(header, kFlagAck);
    case Type::kPing:
      return only_flags(header, kFlagAck);
    case Type::kPriority:
    case Type::kRstStream:
    case Type::kGoaway:
    case Type::kWindowUpdate:
      return header.flags == 0;
  }
  return false;  // unknown types are legal, but prove nothing
}

// A header shifted by a byte or two often looks like one itself: only what stands behind the frame
// tells them apart.
Candidate judge_frame(Bytes bytes, size_t at) {
  constexpr size_t kFollowedFrames = 4;
  if (bytes[at] > std::byte{kPlausibleLength >> 16}) return Candidate::kRefused;  // most bytes
  for (size_t frames = 0;; ++frames) {
    const std::optional<Http2FrameHeader> header = read_frame_header(bytes.subspan(at));
    if (!header) return frames > 1 ? Candidate::kConfirmed : Candidate::kPending;
    if (!is_plausible(*header)) return Candidate::kRefused;
    if (frames == kFollowedFrames) return Candidate::kConfirmed;
    const size_t room = bytes.size() - at - kHttp2FrameHeaderBytes;
    if (header->length == room) return Candidate::kConfirmed;
    if (header->length > room) return frames > 0 ? Candidate::kConfirmed : Candidate::kPending;
    at += kHttp2FrameHeaderBytes + header->length;
  }
}

void Http2FrameReader::begin(Start start) {
  switch (start) {
    case Start::kPreface:
      state_ = State::kPreface;
      break;
    case Start::kFrame:
      state_ = State::kHeader;
      break;
    case Start::kSearch:
      state_ = State::kSearch;
      break;
  }
  partial_.clear();
  search_.reset();
}

Http2FrameReader::Event Http2FrameReader::next(Bytes& input, Bytes& content) {
  for (;;) {
    const bool replaying = !replay_.empty();
    if (!replaying && !replayed_.empty()) replayed_ = {};
    const State before = state_;
    const Event event = step(replaying ? replay_ : input, content);
    const bool stands = state_ == before && !replaying && replay_.empty();
    if (event != Event::kNeedMore || stands) return event;
  }
}

Http2FrameReader::Event Http2FrameReader::step(Bytes& input, Bytes& content) {
  switch (state_) {
    case State::kPreface:
      return read_preface(input);
    case State::kHeader:
      return read_header(input);
    case State::kPrefix:
      return read_prefix(input);
    case State::kContent:
      return read_content(input, content);
    case State::kPadding:
      return skip_padding(input);
    case State::kSearch:
      break;
  }
  find(input);
  return Event::kNeedMore;
}

// True: `partial_` holds `count` bytes.
bool Http2FrameReader::gather(Bytes& input, size_t count) {
  const size_t taken = std::min(count - partial_.size(), input.size());
  partial_ += as_text(input.first(taken));
  input = input.subspan(taken);
  return partial_.size() == count;
}

Http2FrameReader::Event Http2FrameReader::read_preface(Bytes& input) {
  const bool whole = gather(input, kHttp2Preface.size());
  if (!kHttp2Preface.starts_with(partial_)) return lose();
  if (!whole) return Event::kNeedMore;
  begin(Start::kFrame);
  return Event::kNeedMore;
}

Http2FrameReader::Event Http2FrameReader::read_header(Bytes& input) {
  if (!gather(input, kHttp2FrameHeaderBytes)) return Event::kNeedMore;
  header_ = *read_frame_header(as_bytes(partial_));
  partial_.clear();
  content_left_ = header_.length;
  padding_left_ = 0;
  if (!is_legal(header_) || header_.length < prefix_bytes()) return lose();
  state_ = prefix_bytes() > 0 ? State::kPrefix : State::kContent;
  return Event::kBegin;
}

// Pad length, priority, promised stream: what stands before the content (6.1, 6.2, 6.6).
size_t Http2FrameReader::prefix_bytes() const {
  const bool headers = header_.type == Type::kHeaders;
  const bool promise = header_.type == Type::kPushPromise;
  size_t count = 0;
  if ((header_.type == Type::kData || headers || promise) && header_.has(kFlagPadded)) count += 1;
  if (headers && header_.has(kFlagPriority)) count += 5;
  if (promise) count += 4;
  return count;
}

Http2FrameReader::Event Http2FrameReader::read_prefix(Bytes& input) {
  const size_t count = prefix_bytes();
  if (!gather(input, count)) return Event::kNeedMore;
  content_left_ -= static_cast<uint32_t>(count);
  padding_left_ = header_.has(kFlagPadded) ? static_cast<uint8_t>(partial_[0]) : 0;
  partial_.clear();
  if (padding_left_ > content_left_) return lose();
  content_left_ -= padding_left_;
  state_ = State::kContent;
  return Event::kNeedMore;
}

Http2FrameReader::Event Http2FrameReader::read_content(Bytes& input, Bytes& content) {
  if (content_left_ == 0) {
    state_ = padding_left_ > 0 ? State::kPadding : State::kHeader;
    return padding_left_ > 0 ? Event::kNeedMore : Event::kEnd;
  }
  if (input.empty()) return Event::kNeedMore;
  const size_t taken = std::min<size_t>(content_left_, input.size());
  content = input.first(taken);
  input = input.subspan(taken);
  content_left_ -= static_cast<uint32_t>(taken);
  return Event::kContent;
}

Http2FrameReader::Event Http2FrameReader::skip_padding(Bytes& input) {
  const size_t taken = std::min<size_t>(padding_left_, input.size());
  input = input.subspan(taken);
  padding_left_ -= static_cast<uint32_t>(taken);
  if (padding_left_ > 0) return Event::kNeedMore;
  state_ = State::kHeader;
  return Event::kEnd;
}

bool Http2FrameReader::gap(uint64_t count) {
  replay_ = {};
  const bool inside = state_ == State::kContent && header_.type == Type::kData && count > 0 &&
                      count <= content_left_;
  if (inside) {
    content_left_ -= static_cast<uint32_t>(count);
  } else {
    search();
  }
  return inside;
}

Http2FrameReader::Event Http2FrameReader::lose() {
  search();
  return Event::kLost;
}

// Takes all of `input`. If a frame is found, it and what follows it are replayed.
void Http2FrameReader::find(Bytes& input) {
  if (!search_.feed(std::exchange(input, {}), judge_frame)) return;
  replayed_ = search_.take_found();
  replay_ = as_bytes(replayed_);
  begin(Start::kFrame);
}

}  // namespace sonde::http
