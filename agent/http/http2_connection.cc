#include "agent/http/http2_connection.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "agent/http/text.h"

namespace sonde::http {
namespace {

using Type = Http2FrameType;
using Event = Http2FrameReader::Event;

constexpr StartKind kRequest = StartKind::kRequest;
constexpr StartKind kResponse = StartKind::kResponse;

Http2FrameReader::Start lane_start(StartKind kind, bool joined_late) {
  if (joined_late) return Http2FrameReader::Start::kSearch;
  return kind == kRequest ? Http2FrameReader::Start::kPreface : Http2FrameReader::Start::kFrame;
}

// The pseudo-header fields (RFC 9113, 8.3) as a head; they stay among the fields too.
Head make_head(HeaderBlock&& block) {
  Head head;
  head.version = Version::kHttp2;
  head.fields = std::move(block.fields);
  head.method = head.field(":method");
  head.target = head.field(":path");
  for (const char c : head.field(":status")) {
    if (!is_digit(c) || head.status > 99) {
      head.status = 0;
      break;
    }
    head.status = head.status * 10 + (c - '0');
  }
  return head;
}

// Trailers have no pseudo-header fields (8.1). A field that is not known might be one.
bool begins_message(const Head& head) {
  return std::any_of(head.fields.begin(), head.fields.end(), [](const Field& field) {
    return field.name.starts_with(':') || field.name == kOpaqueName;
  });
}

}  // namespace

Http2Connection::Lane::Lane(StartKind lane_kind, const Limits& limits, bool joined_late)
    : kind(lane_kind), reader(lane_start(lane_kind, joined_late)), decoder(limits, joined_late) {}

Http2Connection::Http2Connection(ExchangeHandler& handler, const Limits& limits, Counters& counters,
                                 bool joined_late, ExchangeNumber first)
    : handler_(&handler),
      limits_(&limits),
      counters_(&counters),
      lanes_{std::make_unique<Lane>(kRequest, limits, joined_late),
             std::make_unique<Lane>(kResponse, limits, joined_late)},
      next_number_(first),
      requests_heard_(!joined_late) {}

Http2Connection::~Http2Connection() = default;

void Http2Connection::adopt_upgraded(ExchangeNumber number) {
  streams_.try_emplace(1, number, *handler_, *limits_, *counters_).first->second.adopt_request();
  last_request_stream_ = 1;
  next_number_ = std::max(next_number_, number + 1);
}

// ---- frames

void Http2Connection::consume(StartKind direction, Bytes bytes) {
  pump(lane(direction), bytes);
  release();
}

void Http2Connection::pump(Lane& lane, Bytes& input) {
  for (;;) {
    if (lane.waiting) {
      hold(lane, input);
      return;
    }
    Bytes content;
    switch (lane.reader.next(input, content)) {
      case Event::kNeedMore:
        return;
      case Event::kBegin:
        lane.waiting = !on_begin(lane);
        break;
      case Event::kContent:
        on_content(lane, content);
        break;
      case Event::kEnd:
        on_frame_end(lane);
        break;
      case Event::kLost:
        on_lost(lane);
        break;
    }
  }
}

// False: the frame is of a response whose request was not heard yet; it has to wait.
bool Http2Connection::on_begin(Lane& lane) {
  const Http2FrameHeader& frame = lane.reader.header();
  const bool continues = frame.type == Type::kContinuation && frame.stream == lane.block_stream;
  if (lane.block_stream != 0 && !continues) {  // a header section is never interrupted (4.3)
    lane.reader.search();
    on_lost(lane);
    return true;
  }
  const bool early = lane.kind == kResponse && frame.type == Type::kHeaders &&
                     frame.stream % 2 == 1 && frame.stream > last_request_stream_;
  if (early && requests_heard_) return false;
  if (frame.type == Type::kHeaders || frame.type == Type::kPushPromise) begin_block(lane);
  lane.small.clear();
  return true;
}

void Http2Connection::on_content(Lane& lane, Bytes content) {
  switch (lane.reader.header().type) {
    case Type::kData:
      on_data(lane, content);
      return;
    case Type::kHeaders:
    case Type::kPushPromise:
    case Type::kContinuation:
      if (lane.block_stream == 0 || lane.block_broken) return;
      lane.block_broken = !lane.decoder.decode(content, false, lane.block);
      return;
    case Type::kGoaway: {
      constexpr size_t kLastStreamBytes = 4;
      const size_t wanted = kLastStreamBytes - std::min(lane.small.size(), kLastStreamBytes);
      lane.small += as_text(content.first(std::min(wanted, content.size())));
      return;
    }
    default:
      return;  // SETTINGS and the rest do not change how messages are read
  }
}

void Http2Connection::on_frame_end(Lane& lane) {
  const Http2FrameHeader& frame = lane.reader.header();
  switch (frame.type) {
    case Type::kData:
      if (!frame.has(kFlagEndStream)) return;
      if (Http2Stream* stream = find(frame.stream)) {
        end_half(frame.stream, *stream, lane.kind, End::kComplete);
      }
      return;
    case Type::kHeaders:
    case Type::kPushPromise:
    case Type::kContinuation:
      if (lane.block_stream != 0 && frame.has(kFlagEndHeaders)) end_block(lane);
      return;
    case Type::kRstStream:
      on_reset(frame.stream);
      return;
    case Type::kGoaway:
      on_goaway(lane);
      return;
    default:
      return;
  }
}

void Http2Connection::on_lost(Lane& lane) {
  counters_->add(Count::kHttp2Invalid);
  resynchronise(lane);
}

void Http2Connection::gap(StartKind direction, uint64_t count) {
  Lane& lane = this->lane(direction);
  if (lane.waiting) {  // whatever was held can no longer be told from what is missing
    lane.waiting = false;
    lane.held.clear();
    lane.reader.search();
  }
  const uint32_t data_stream = lane.reader.header().stream;
  if (lane.reader.gap(count)) {
    Http2Stream* stream = find(data_stream);
    if (stream != nullptr) stream->gap(direction, count);
    Bytes none;
    pump(lane, none);  // the gap may have reached the frame's end
    return;
  }
  resynchronise(lane);
}

// Frames were lost: the header table is unknown, and any open message may lack a part or its end.
void Http2Connection::resynchronise(Lane& lane) {
  const StartKind direction = lane.kind;
  counters_->add(Count::kHttpResync);
  lane.decoder.forget();
  lane.block_stream = 0;
  if (direction == kRequest) requests_heard_ = false;
  for (auto& [id, stream] : streams_) stream.lose_frames(direction);
}

// ---- header sections

void Http2Connection::begin_block(Lane& lane) {
  const Http2FrameHeader& frame = lane.reader.header();
  lane.block = HeaderBlock{};
  lane.block_stream = frame.stream;
  lane.block_pushed = frame.type == Type::kPushPromise;
  lane.block_ends_stream = frame.type == Type::kHeaders && frame.has(kFlagEndStream);
  lane.block_broken = false;
}

void Http2Connection::end_block(Lane& lane) {
  if (!lane.block_broken) lane.block_broken = !lane.decoder.decode({}, true, lane.block);
  if (lane.block_broken) counters_->add(Count::kHttp2Invalid);
  if (lane.block.too_big) counters_->add(Count::kHttpHeaderTooBig);
  Head head = make_head(std::move(lane.block));
  if (lane.block_broken) head.fields.push_back({std::string(kOpaqueName), {}});
  if (!lane.block_pushed) {
    lane.kind == kRequest ? on_request_fields(lane, std::move(head))
                          : on_response_fields(lane, std::move(head));
  }
  lane.block_stream = 0;
}

void Http2Connection::on_request_fields(Lane& lane, Head&& head) {
  const uint32_t id = lane.block_stream;
  const bool opens = id % 2 == 1 && id > last_request_stream_ && begins_message(head);
  if (opens) open_stream(id, head);
  Http2Stream* stream = find(id);
  if (stream == nullptr) return;
  if (lane.block_ends_stream) end_half(id, *stream, kRequest, End::kComplete);
}

void Http2Connection::open_stream(uint32_t id, const Head& head) {
  last_request_stream_ = id;
  requests_heard_ = true;
  if (streams_.size() >= limits_->http2_streams && !give_up_damaged()) {
    counters_->add(Count::kHttp2StreamsDropped);
    return;
  }
  const auto [at, inserted] =
      streams_.try_emplace(id, next_number_, *handler_, *limits_, *counters_);
  if (!inserted) return;
  ++next_number_;
  at->second.begin(kRequest, head);
}

// Ends the oldest stream whose own end may have been lost: it would never be told to be over.
bool Http2Connection::give_up_damaged() {
  uint32_t oldest = 0;
  for (const auto& [id, stream] : streams_) {
    const bool damaged = stream.damaged(kRequest) || stream.damaged(kResponse);
    if (damaged && (oldest == 0 || id < oldest)) oldest = id;
  }
  end_stream(oldest);
  return oldest != 0;
}

void Http2Connection::on_response_fields(Lane& lane, Head&& head) {
  const uint32_t id = lane.block_stream;
  Http2Stream* stream = find(id);
  if (stream == nullptr) return;
  const bool interim = head.status / 100 == 1 && !lane.block_ends_stream;
  const bool begun = stream->begun(kResponse) || stream->ended(kResponse);
  if (!begun && !interim && begins_message(head)) stream->begin(kResponse, head);
  if (lane.block_ends_stream) end_half(id, *stream, kResponse, End::kComplete);
}

// ---- streams

Http2Stream* Http2Connection::find(uint32_t id) {
  const auto at = streams_.find(id);
  return at == streams_.end() ? nullptr : &at->second;
}

void Http2Connection::on_data(Lane& lane, Bytes content) {
  Http2Stream* stream = find(lane.reader.header().stream);
  if (stream != nullptr) stream->data(lane.kind, content);
}

void Http2Connection::end_half(uint32_t id, Http2Stream& stream, StartKind direction, End end) {
  stream.end(direction, end);
  const StartKind other = direction == kRequest ? kResponse : kRequest;
  // The end of a request whose frames were lost may be among them.
  const bool over = stream.ended(other) || (direction == kResponse && stream.damaged(kRequest));
  if (over) end_stream(id);
}

void Http2Connection::end_stream(uint32_t id) {
  const auto at = streams_.find(id);
  if (at == streams_.end()) return;
  at->second.end(kRequest, End::kTruncated);
  at->second.end(kResponse, End::kTruncated);
  streams_.erase(at);
}

void Http2Connection::on_reset(uint32_t id) { end_stream(id); }

// Streams above the last one named were not processed and never will be (6.8).
void Http2Connection::on_goaway(Lane& lane) {
  const std::optional<uint32_t> last = ByteReader(as_bytes(lane.small)).u32_be();
  if (!last || lane.kind != kResponse) return;
  std::vector<uint32_t> refused;
  for (const auto& [id, stream] : streams_) {
    if (id > (*last & 0x7fffffff)) refused.push_back(id);
  }
  std::sort(refused.begin(), refused.end());
  for (const uint32_t id : refused) end_stream(id);
}

void Http2Connection::close() {
  std::vector<uint32_t> open;
  for (const auto& [id, stream] : streams_) open.push_back(id);
  std::sort(open.begin(), open.end());
  for (const uint32_t id : open) end_stream(id);
}

// ---- responses that overtook their requests

void Http2Connection::hold(Lane& lane, Bytes& input) {
  lane.held += as_text(input);
  input = {};
  if (lane.held.size() > limits_->reorder_bytes) requests_heard_ = false;
}

void Http2Connection::release() {
  Lane& lane = this->lane(kResponse);
  while (lane.waiting && on_begin(lane)) {
    lane.waiting = false;
    const std::string held = std::exchange(lane.held, {});
    Bytes bytes = as_bytes(held);
    pump(lane, bytes);
  }
}

}  // namespace sonde::http
