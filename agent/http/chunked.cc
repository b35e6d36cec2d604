#include "agent/http/chunked.h"

#include <algorithm>
#include <cassert>

#include "agent/http/text.h"

namespace sonde::http {
namespace {

constexpr size_t kSizeDigitsMax = 15;  // 60 bits: no chunk is larger, no sum overflows

}  // namespace

ChunkedDecoder::Step ChunkedDecoder::next(Bytes& input, Bytes& data) {
  while (!input.empty()) {
    if (state_ == State::kData) {
      const size_t size = static_cast<size_t>(std::min<uint64_t>(remaining_, input.size()));
      data = input.first(size);
      input = input.subspan(size);
      skip(size);
      return Step::kData;
    }
    const char c = as_text(input)[0];
    input = input.subspan(1);
    if (!take(c)) return Step::kInvalid;
    if (state_ == State::kEnd) return Step::kEnd;
  }
  return Step::kNeedMore;
}

void ChunkedDecoder::skip(uint64_t count) {
  assert(state_ == State::kData && count <= remaining_);
  remaining_ -= count;
  if (remaining_ == 0) state_ = State::kDataEnd;
}

bool ChunkedDecoder::take(char c) {
  switch (state_) {
    case State::kSize:
      return take_size_char(c);
    case State::kExtension:
      if (++line_bytes_ > limits_->header_bytes) return false;
      if (c == '\n') end_size_line();
      return true;
    case State::kDataEnd:
      if (c == '\r' && !carriage_return_) {
        carriage_return_ = true;
        return true;
      }
      carriage_return_ = false;
      state_ = State::kSize;
      return c == '\n';
    case State::kTrailer:
      return take_line_char(c);
    case State::kData:
    case State::kEnd:
      break;
  }
  return false;
}

bool ChunkedDecoder::take_size_char(char c) {
  const int digit = hex_digit(c);
  if (digit >= 0) {
    if (++digits_ > kSizeDigitsMax) return false;
    remaining_ = remaining_ * 16 + static_cast<uint64_t>(digit);
    return true;
  }
  if (digits_ == 0) return false;  // no sign, no space, no empty line before the size
  if (c == '\n') {
    end_size_line();
    return true;
  }
  // Extensions, and the padding some servers write after the size, run to the line's end.
  state_ = State::kExtension;
  line_bytes_ = 0;
  return c == ';' || c == '\r' || c == ' ' || c == '\t';
}

void ChunkedDecoder::end_size_line() {
  state_ = remaining_ > 0 ? State::kData : State::kTrailer;
  digits_ = 0;
  line_bytes_ = 0;
}

// The trailer section is read for its end only; nothing here uses trailer fields.
bool ChunkedDecoder::take_line_char(char c) {
  if (++line_bytes_ > limits_->header_bytes) return false;
  if (c == '\n') {
    if (trailer_line_empty_) state_ = State::kEnd;
    trailer_line_empty_ = true;
  } else if (c != '\r') {
    trailer_line_empty_ = false;
  }
  return true;
}

}  // namespace sonde::http
