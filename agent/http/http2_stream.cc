#include "agent/http/http2_stream.h"

#include <utility>

namespace sonde::http {
namespace {

constexpr StartKind kRequest = StartKind::kRequest;
constexpr StartKind kResponse = StartKind::kResponse;

}  // namespace

Http2Stream::Http2Stream(ExchangeNumber number, ExchangeHandler& handler, const Limits& limits,
                         Counters& counters)
    : number_(number),
      handler_(&handler),
      limits_(&limits),
      counters_(&counters),
      halves_{Half(limits, counters), Half(limits, counters)} {}

void Http2Stream::begin(StartKind direction, const Head& head) {
  Half& half = this->half(direction);
  half.begun = true;
  half.damaged = false;
  direction == kRequest ? handler_->on_request_head(number_, head)
                        : handler_->on_response_head(number_, head);
  half.body.begin(head);
  if (direction != kRequest || head.field(":protocol") != "websocket") return;
  // Keeping the compression context is right even where the peers agreed not to.
  for (const StartKind side : {kRequest, kResponse}) {
    this->half(side).messages =
        std::make_unique<WebSocketReader>(*limits_, *counters_, side == kRequest, true);
  }
}

void Http2Stream::adopt_request() {
  half(kRequest).begun = true;
  half(kRequest).ended = true;
}

void Http2Stream::data(StartKind direction, Bytes content) {
  Half& half = this->half(direction);
  if (!half.begun || half.ended) return;
  if (half.messages) {
    read_messages(direction, content);
  } else {
    half.body.consume(content, [&](Bytes piece) { deliver(direction, piece); });
  }
}

void Http2Stream::deliver(StartKind direction, Bytes piece) {
  direction == kRequest ? handler_->on_request_body(number_, piece)
                        : handler_->on_response_body(number_, piece);
}

void Http2Stream::read_messages(StartKind direction, Bytes content) {
  WebSocketReader& reader = *half(direction).messages;
  for (;;) {
    const WebSocketReader::Event event = reader.next(content);
    if (event == WebSocketReader::Event::kNeedMore) return;
    tell_message(direction, event);
  }
}

void Http2Stream::tell_message(StartKind direction, WebSocketReader::Event event) {
  Half& half = this->half(direction);
  if (event == WebSocketReader::Event::kDropped) {
    half.damaged = true;
    report_gap(direction, 0);
    return;
  }
  const Bytes message = as_bytes(half.messages->message());
  if (event == WebSocketReader::Event::kMessage && !message.empty()) deliver(direction, message);
}

void Http2Stream::gap(StartKind direction, uint64_t count) {
  Half& half = this->half(direction);
  if (!half.begun || half.ended) return;
  if (half.messages) {
    tell_message(direction, half.messages->gap(count));
  } else {
    half.body.flush([&](Bytes piece) { deliver(direction, piece); });
    if (half.body.gap()) report_gap(direction, count);
  }
}

void Http2Stream::report_gap(StartKind direction, uint64_t count) {
  direction == kRequest ? handler_->on_request_gap(number_, count)
                        : handler_->on_response_gap(number_, count);
}

void Http2Stream::lose_frames(StartKind direction) {
  half(direction).damaged = true;
  gap(direction, 0);
}

void Http2Stream::end(StartKind direction, End end) {
  Half& half = this->half(direction);
  if (std::exchange(half.ended, true)) return;
  if (half.begun) half.body.flush([&](Bytes piece) { deliver(direction, piece); });
  const bool cut = half.messages && !half.messages->between_messages();
  const bool whole = half.begun && !half.damaged && !cut;
  const End result = half.body.finish(whole ? end : End::kTruncated);
  direction == kRequest ? handler_->on_request_end(number_, result)
                        : handler_->on_response_end(number_, result);
}

}  // namespace sonde::http
