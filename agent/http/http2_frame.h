// HTTP/2 frames of one direction (RFC 9113, 4 and 6), pulled event by event; content is borrowed
// from the input, so a frame of any size costs no memory. Pure; not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/base/bytes.h"
#include "agent/http/candidate_search.h"

namespace sonde::http {

inline constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
inline constexpr size_t kHttp2FrameHeaderBytes = 9;

enum class Http2FrameType : uint8_t {
  kData = 0,
  kHeaders = 1,
  kPriority = 2,
  kRstStream = 3,
  kSettings = 4,
  kPushPromise = 5,
  kPing = 6,
  kGoaway = 7,
  kWindowUpdate = 8,
  kContinuation = 9,
};

inline constexpr uint8_t kFlagEndStream = 0x01;
inline constexpr uint8_t kFlagAck = 0x01;
inline constexpr uint8_t kFlagEndHeaders = 0x04;
inline constexpr uint8_t kFlagPadded = 0x08;
inline constexpr uint8_t kFlagPriority = 0x20;

struct Http2FrameHeader {
  uint32_t length = 0;
  Http2FrameType type = Http2FrameType::kData;  // types not named above are kept as numbers
  uint8_t flags = 0;
  uint32_t stream = 0;

  bool has(uint8_t flag) const { return (flags & flag) != 0; }
};

// The frame header at the front of `bytes`; nullopt: fewer than nine bytes.
std::optional<Http2FrameHeader> read_frame_header(Bytes bytes);

// Whether the length and the stream are what RFC 9113, 6 prescribes for the type.
bool is_legal(const Http2FrameHeader& header);

// Whether a frame header found at an arbitrary place is one that real peers send: legal, of a known
// type, with its flags and a usual size. Text never passes.
bool is_plausible(const Http2FrameHeader& header);

// Whether a frame begins at `at`: plausible ones stand in a row there, or one that ends where the
// bytes do.
Candidate judge_frame(Bytes bytes, size_t at);

class Http2FrameReader {
 public:
  enum class Event : uint8_t {
    kNeedMore,
    kBegin,    // header() describes the frame that begins
    kContent,  // a part of its payload, without padding and priority or promise fields
    kEnd,      // the frame is over
    kLost,     // the framing cannot be right: the next frame is searched for
  };
  enum class Start : uint8_t { kPreface, kFrame, kSearch };

  explicit Http2FrameReader(Start start) { begin(start); }
  Http2FrameReader(const Http2FrameReader&) = delete;
  Http2FrameReader& operator=(const Http2FrameReader&) = delete;

  // The next event; to be called until it says kNeedMore. `content` is set with kContent.
  Event next(Bytes& input, Bytes& content);
  const Http2FrameHeader& header() const { return header_; }
  // Bytes were lost here (0: unknown how many). True: they lay inside the content of a DATA frame,
  // which continues. False: the next frame is searched for.
  bool gap(uint64_t count);
  // Gives up the frame under way and searches.
  void search() { begin(Start::kSearch); }

 private:
  enum class State : uint8_t { kPreface, kHeader, kPrefix, kContent, kPadding, kSearch };

  void begin(Start start);
  Event step(Bytes& input, Bytes& content);
  bool gather(Bytes& input, size_t count);
  Event read_preface(Bytes& input);
  Event read_header(Bytes& input);
  Event read_prefix(Bytes& input);
  Event read_content(Bytes& input, Bytes& content);
  Event skip_padding(Bytes& input);
  void find(Bytes& input);
  size_t prefix_bytes() const;
  Event lose();

  State state_ = State::kHeader;
  Http2FrameHeader header_;
  std::string partial_;  // of the preface, a header or a prefix
  CandidateSearch search_;
  uint32_t content_left_ = 0;
  uint32_t padding_left_ = 0;
  std::string replayed_;  // bytes that were searched and begin with a frame
  Bytes replay_;          // what is still to be read of them
};

}  // namespace sonde::http
