// Content codings (RFC 9110, 8.4): gzip, deflate, br, zstd, undone as the bytes come.
//
// A chain holds the codings of one body, the last applied first. Output is borrowed from a buffer
// of the chain until the next call; expansion beyond Limits::decode_ratio ends the decoding.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "agent/base/bytes.h"
#include "agent/base/limits.h"

namespace sonde::http {

// One coding. Implementations wrap a library's streaming state.
class Decompressor {
 public:
  enum class Status : uint8_t { kOk, kEnd, kInvalid };
  virtual ~Decompressor() = default;
  // Takes from the front of `input`, writes to the front of `output`, answers how much it wrote.
  virtual Status decode(Bytes& input, std::span<std::byte> output, size_t& written) = 0;
};

// nullptr: a coding not known here.
std::unique_ptr<Decompressor> make_decompressor(std::string_view coding);

class CodingChain {
 public:
  enum class Failure : uint8_t { kNone, kInvalid, kBomb, kUnsupported };

  // `limits` is borrowed and outlives the chain.
  explicit CodingChain(const Limits& limits) : limits_(&limits) {}

  // Adds the codings of one Content-Encoding or Transfer-Encoding value, in the order applied.
  // "identity" and "chunked" add nothing. More than Limits::content_codings is a failure.
  void add(std::string_view list);
  bool empty() const { return stages_.empty() && failure_ == Failure::kNone; }

  // The next decoded piece; empty when all of `input` was taken or decoding failed.
  Bytes next(Bytes& input);
  Failure failure() const { return failure_; }
  // Whether every coding reached its end mark, or no byte came at all.
  bool whole() const;

 private:
  struct Stage {
    std::unique_ptr<Decompressor> decompressor;
    std::unique_ptr<std::byte[]> buffer;
    Bytes pending;  // output of the stage before, or the input
    uint64_t bytes_in = 0;
    uint64_t bytes_out = 0;
    bool more = false;  // the last output filled the buffer: there may be more without input
    bool ended = false;
  };
  Bytes pull(size_t stage, Bytes& input);
  Bytes run(Stage& stage);

  const Limits* limits_;
  std::vector<Stage> stages_;  // in the order of decoding
  Failure failure_ = Failure::kNone;
};

}  // namespace sonde::http
