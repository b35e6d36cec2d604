// Chunked transfer coding (RFC 9112, 7.1), one step at a time, data borrowed from the input.
#pragma once

#include <cstdint>

#include "agent/base/bytes.h"
#include "agent/base/limits.h"

namespace sonde::http {

class ChunkedDecoder {
 public:
  enum class Step : uint8_t { kNeedMore, kData, kEnd, kInvalid };

  // `limits` is borrowed: header_bytes bounds the extensions of one chunk and the trailer section.
  explicit ChunkedDecoder(const Limits& limits) : limits_(&limits) {}

  // Takes the next piece off the front of `input`. kData: `data` is a part of a chunk, inside
  // `input`. kEnd: the last chunk and the trailer section were read.
  Step next(Bytes& input, Bytes& data);

  // Bytes of the current chunk still to come; 0 outside chunk data. A gap of at most this size
  // can be skipped in place.
  uint64_t chunk_remaining() const { return state_ == State::kData ? remaining_ : 0; }
  // Leaves out `count` <= chunk_remaining() bytes.
  void skip(uint64_t count);

 private:
  enum class State : uint8_t { kSize, kExtension, kData, kDataEnd, kTrailer, kEnd };

  bool take_size_char(char c);
  bool take_line_char(char c);
  bool take(char c);
  void end_size_line();

  const Limits* limits_;
  State state_ = State::kSize;
  uint64_t remaining_ = 0;
  size_t digits_ = 0;
  size_t line_bytes_ = 0;  // of an extension, or of the trailer section
  bool trailer_line_empty_ = true;
  bool carriage_return_ = false;
};

}  // namespace sonde::http
