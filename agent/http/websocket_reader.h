// Messages of one direction of a WebSocket (RFC 6455), fragments joined, masks removed,
// permessage-deflate (RFC 7692) undone. Pure; not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <zlib.h>

#include "agent/base/bytes.h"
#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/http/candidate_search.h"

namespace sonde::http {

// The raw deflate stream that carries the compressed messages of one direction.
class MessageInflater {
 public:
  explicit MessageInflater(const Limits& limits);
  // Appends the decoded message. False: it cannot be decoded or is larger than the limit; the
  // window is then empty, so that a later reference into what is missing fails, not misleads.
  bool inflate_message(std::string_view compressed, std::string& out);
  // Forgets the window: no context takeover, or messages were lost.
  void reset();

 private:
  struct End {
    void operator()(z_stream* stream) const {
      inflateEnd(stream);
      delete stream;
    }
  };
  bool step(std::string_view compressed, std::string& out);
  bool too_large(size_t size) const;

  const Limits* limits_;
  size_t compressed_bytes_ = 0;  // of the message under way
  std::unique_ptr<z_stream, End> stream_;
};

// The first bytes of a frame (RFC 6455, 5.2).
struct WebSocketFrameHeader {
  bool final = false;
  bool compressed = false;  // RSV1 (RFC 7692, 6)
  bool reserved = false;    // RSV2 or RSV3
  bool masked = false;
  uint8_t opcode = 0;
  uint64_t length = 0;
  std::array<std::byte, 4> mask{};
  size_t size = 0;  // of the header itself

  bool control() const { return opcode >= 8; }
  bool valid() const;
};
// nullopt: more bytes are needed; at most 14.
std::optional<WebSocketFrameHeader> read_websocket_header(Bytes bytes);

class WebSocketReader {
 public:
  enum class Event : uint8_t {
    kNeedMore,
    kMessage,  // message() is valid until the next call
    kDropped,  // a message could not be heard whole: a gap, a limit, a broken coding
  };

  // `masked`: frames of this direction are masked (those of the client). `keep_window`: the
  // compression context spans messages.
  WebSocketReader(const Limits& limits, Counters& counters, bool masked, bool keep_window);

  // The next event; to be called until it says kNeedMore.
  Event next(Bytes& input);
  std::string_view message() const { return inflated_ ? inflated_message_ : message_; }
  // Bytes were lost (0: unknown how many). kDropped if a message was under way.
  Event gap(uint64_t count);
  // Whether the direction ended, or stands, between two messages.
  bool between_messages() const { return !in_message_ && !in_frame_ && !searching_; }

 private:
  bool read_header(Bytes& input);
  Event read_payload(Bytes& input);
  void append(Bytes part);
  Event end_frame();
  void find_frame(Bytes& input);
  void search();

  const Limits* limits_;
  Counters* counters_;
  bool masked_;
  bool keep_window_;
  std::optional<MessageInflater> inflater_;  // from the first compressed message on
  WebSocketFrameHeader frame_;
  std::string partial_;  // of a header
  CandidateSearch search_;
  std::string message_;
  std::string inflated_message_;
  uint64_t payload_left_ = 0;
  size_t mask_at_ = 0;
  bool in_frame_ = false;
  bool in_message_ = false;
  bool message_compressed_ = false;
  bool damaged_ = false;  // the message under way lacks a part
  bool inflated_ = false;
  bool searching_ = false;
  std::string replayed_;
  Bytes replay_;
};

}  // namespace sonde::http
