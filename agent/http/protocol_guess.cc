#include "agent/http/protocol_guess.h"

#include <algorithm>
#include <optional>

#include "agent/http/hpack.h"
#include "agent/http/http2_frame.h"
#include "agent/http/start_line.h"

namespace sonde::http {
namespace {

bool begins_preface(std::string_view text) {
  constexpr size_t kTelling = 14;  // "PRI * HTTP/2.0"
  return text.substr(0, kTelling) == kHttp2Preface.substr(0, std::min(text.size(), kTelling)) &&
         !text.empty();
}

// A server begins with SETTINGS, not an acknowledgement (RFC 9113, 3.4).
Likeness begins_with_settings(std::string_view text) {
  const Bytes bytes = as_bytes(text);
  if (!text.empty() && text[0] != '\0') return Likeness::kNo;
  const std::optional<Http2FrameHeader> header = read_frame_header(bytes);
  if (!header) return Likeness::kMaybe;
  const bool settings = header->type == Http2FrameType::kSettings && header->flags == 0;
  return settings && is_plausible(*header) ? Likeness::kYes : Likeness::kNo;
}

// The header block in a HEADERS frame, as far as `payload` reaches.
Bytes header_block(const Http2FrameHeader& frame, Bytes payload) {
  const size_t before = (frame.has(kFlagPadded) ? 1 : 0) + (frame.has(kFlagPriority) ? 5 : 0);
  payload = payload.first(std::min<size_t>(payload.size(), frame.length));
  return payload.subspan(std::min(before, payload.size()));
}

struct FrameSearch {
  std::optional<size_t> found;
  size_t keep = 0;  // not found: what lies before cannot begin a frame
};
FrameSearch find_frame(Bytes bytes, size_t from) {
  FrameSearch result{.found = std::nullopt, .keep = bytes.size()};
  for (size_t at = from; at < bytes.size(); ++at) {
    const Candidate verdict = judge_frame(bytes, at);
    if (verdict == Candidate::kConfirmed) return {.found = at, .keep = at};
    if (verdict == Candidate::kPending) result.keep = std::min(result.keep, at);
  }
  return result;
}

// Follows the frames from the first plausible one to a HEADERS frame that tells its side.
FoundProtocol search_http2(std::string_view text) {
  const Bytes bytes = as_bytes(text);
  size_t at = 0;
  for (;;) {
    const FrameSearch search = find_frame(bytes, at);
    if (!search.found) return {Guess::kUndecided, search.keep};
    at = *search.found;
    const Http2FrameHeader frame = *read_frame_header(bytes.subspan(at));
    const Bytes payload = bytes.subspan(at + kHttp2FrameHeaderBytes);
    if (frame.type == Http2FrameType::kHeaders) {
      const BlockKind kind = guess_block_kind(header_block(frame, payload));
      if (kind == BlockKind::kRequest) return {Guess::kHttp2Request, at};
      if (kind == BlockKind::kResponse) return {Guess::kHttp2Response, at};
    }
    if (payload.size() < frame.length) return {Guess::kUndecided, at};
    at += kHttp2FrameHeaderBytes + frame.length;
  }
}

}  // namespace

Guess guess_start(std::string_view text) {
  if (begins_preface(text)) return text.size() < 14 ? Guess::kUndecided : Guess::kHttp2Request;
  const Likeness settings = begins_with_settings(text);
  if (settings == Likeness::kYes) return Guess::kHttp2Response;
  while (text.starts_with('\r') || text.starts_with('\n')) text.remove_prefix(1);
  const Likeness response = starts_like(StartKind::kResponse, text);
  if (response == Likeness::kYes) return Guess::kHttp1Response;
  const Likeness request = starts_like(StartKind::kRequest, text);
  if (request == Likeness::kYes) return Guess::kHttp1Request;
  const bool open =
      settings == Likeness::kMaybe || response == Likeness::kMaybe || request == Likeness::kMaybe;
  return open ? Guess::kUndecided : Guess::kUnknown;
}

FoundProtocol search_protocol(std::string_view text) {
  const StartSearch request = find_start(StartKind::kRequest, text);
  const StartSearch response = find_start(StartKind::kResponse, text);
  const FoundProtocol http2 = search_http2(text);
  // The earliest whole candidate wins; without one, all that may become one is kept.
  FoundProtocol best{Guess::kUndecided, text.size()};
  const auto offer = [&best](bool whole, Guess guess, size_t offset) {
    if (whole && (best.guess == Guess::kUndecided || offset < best.offset)) best = {guess, offset};
  };
  offer(http2.guess != Guess::kUndecided, http2.guess, http2.offset);
  offer(request.likeness == Likeness::kYes, Guess::kHttp1Request, request.offset);
  offer(response.likeness == Likeness::kYes, Guess::kHttp1Response, response.offset);
  if (best.guess != Guess::kUndecided) return best;
  return {Guess::kUndecided, std::min({request.offset, response.offset, http2.offset})};
}

}  // namespace sonde::http
