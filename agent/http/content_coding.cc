#include "agent/http/content_coding.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include "agent/http/text.h"

namespace sonde::http {
namespace {

constexpr size_t kBufferBytes = 32 << 10;
constexpr uint64_t kRatioFreeBytes = 1 << 20;  // small bodies may expand as they like

// gzip (RFC 1952), and "deflate", which is zlib (RFC 1950) by the book and raw (RFC 1951) by some.
class Inflater final : public Decompressor {
 public:
  enum class Format : uint8_t { kGzip, kZlibOrRaw };
  explicit Inflater(Format format) : format_(format) {
    if (format == Format::kGzip) start(MAX_WBITS + 16);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() override {
    if (started_) inflateEnd(&stream_);
  }

  Status decode(Bytes& input, std::span<std::byte> output, size_t& written) override {
    written = 0;
    if (!started_ && !detect(input)) return input.empty() ? Status::kOk : Status::kInvalid;
    if (ended_) {
      // Members may follow each other (RFC 1952, 2.2); anything else after the end is padding.
      const bool member = format_ == Format::kGzip && !input.empty() && input[0] == std::byte{0x1f};
      if (!member) {
        input = {};
        return Status::kEnd;
      }
      inflateReset(&stream_);
      ended_ = false;
    }
    if (first_) {  // held back to tell the formats apart
      const std::byte held = *first_;
      first_.reset();
      Bytes one(&held, 1);
      size_t head = 0;
      if (step(one, output, head) == Status::kInvalid) return Status::kInvalid;
    }
    return step(input, output, written);
  }

 private:
  void start(int window_bits) { started_ = inflateInit2(&stream_, window_bits) == Z_OK; }

  // A zlib header is a multiple of 31 with method 8; a raw stream almost never is.
  bool detect(Bytes& input) {
    if (input.empty()) return false;
    if (!first_) {
      first_ = input[0];
      input = input.subspan(1);
      if (input.empty()) return false;
    }
    const unsigned header =
        (std::to_integer<unsigned>(*first_) << 8) | std::to_integer<unsigned>(input[0]);
    const bool zlib = (header >> 8 & 0x0f) == 8 && header % 31 == 0;
    start(zlib ? MAX_WBITS : -MAX_WBITS);
    return started_;
  }

  Status step(Bytes& input, std::span<std::byte> output, size_t& written) {
    const size_t offered = std::min<size_t>(input.size(), 1 << 30);
    // zlib's API predates const; it does not write through next_in.
    stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(input.data()));
    stream_.avail_in = static_cast<uInt>(offered);
    stream_.next_out = reinterpret_cast<Bytef*>(output.data());
    stream_.avail_out = static_cast<uInt>(output.size());
    const int status = inflate(&stream_, Z_NO_FLUSH);
    input = input.subspan(offered - stream_.avail_in);
    written = output.size() - stream_.avail_out;
    if (status == Z_STREAM_END) {
      ended_ = true;
      return Status::kEnd;
    }
    return status == Z_OK || status == Z_BUF_ERROR ? Status::kOk : Status::kInvalid;
  }

  Format format_;
  z_stream stream_{};
  std::optional<std::byte> first_;
  bool started_ = false;
  bool ended_ = false;
};

class BrotliDecompressor final : public Decompressor {
 public:
  Status decode(Bytes& input, std::span<std::byte> output, size_t& written) override {
    written = 0;
    if (!state_) return Status::kInvalid;
    size_t left_in = input.size();
    const auto* in = reinterpret_cast<const uint8_t*>(input.data());
    size_t left_out = output.size();
    auto* out = reinterpret_cast<uint8_t*>(output.data());
    const BrotliDecoderResult result =
        BrotliDecoderDecompressStream(state_.get(), &left_in, &in, &left_out, &out, nullptr);
    input = input.last(left_in);
    written = output.size() - left_out;
    if (result == BROTLI_DECODER_RESULT_ERROR) return Status::kInvalid;
    if (result != BROTLI_DECODER_RESULT_SUCCESS) return Status::kOk;
    input = {};  // nothing may follow the last meta-block
    return Status::kEnd;
  }

 private:
  struct Destroy {
    void operator()(BrotliDecoderState* state) const { BrotliDecoderDestroyInstance(state); }
  };
  std::unique_ptr<BrotliDecoderState, Destroy> state_{
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)};
};

class ZstdDecompressor final : public Decompressor {
 public:
  ZstdDecompressor() {
    constexpr int kWindowLogMax = 23;  // 8 MiB: what RFC 9659 asks of every receiver
    if (stream_) ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, kWindowLogMax);
  }
  Status decode(Bytes& input, std::span<std::byte> output, size_t& written) override {
    written = 0;
    if (!stream_) return Status::kInvalid;
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{output.data(), output.size(), 0};
    const size_t result = ZSTD_decompressStream(stream_.get(), &out, &in);
    input = input.subspan(in.pos);
    written = out.pos;
    if (ZSTD_isError(result) != 0) return Status::kInvalid;
    return result == 0 ? Status::kEnd : Status::kOk;  // kEnd: of one frame, more may follow
  }

 private:
  struct Destroy {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };
  std::unique_ptr<ZSTD_DStream, Destroy> stream_{ZSTD_createDStream()};
};

}  // namespace

std::unique_ptr<Decompressor> make_decompressor(std::string_view coding) {
  if (equals_ignoring_case(coding, "gzip") || equals_ignoring_case(coding, "x-gzip")) {
    return std::make_unique<Inflater>(Inflater::Format::kGzip);
  }
  if (equals_ignoring_case(coding, "deflate")) {
    return std::make_unique<Inflater>(Inflater::Format::kZlibOrRaw);
  }
  if (equals_ignoring_case(coding, "br")) return std::make_unique<BrotliDecompressor>();
  if (equals_ignoring_case(coding, "zstd")) return std::make_unique<ZstdDecompressor>();
  return nullptr;
}

void CodingChain::add(std::string_view list) {
  std::string_view coding;
  while (next_list_element(list, coding)) {
    if (equals_ignoring_case(coding, "identity") || equals_ignoring_case(coding, "chunked")) {
      continue;
    }
    if (stages_.size() < limits_->content_codings) {
      Stage& stage = stages_.emplace_back();
      stage.decompressor = make_decompressor(coding);
      if (stage.decompressor) {
        stage.buffer = std::make_unique<std::byte[]>(kBufferBytes);
        std::rotate(stages_.begin(), stages_.end() - 1, stages_.end());
        continue;
      }
    }
    failure_ = Failure::kUnsupported;
    stages_.clear();
    return;
  }
}

Bytes CodingChain::next(Bytes& input) {
  if (failure_ == Failure::kNone && stages_.empty()) return std::exchange(input, {});
  if (failure_ == Failure::kNone) {
    const Bytes output = pull(stages_.size() - 1, input);
    if (failure_ == Failure::kNone) return output;
  }
  input = {};
  return {};
}

bool CodingChain::whole() const {
  return failure_ == Failure::kNone &&
         std::all_of(stages_.begin(), stages_.end(), [](const Stage& stage) {
           return stage.ended || (stage.bytes_in == 0 && stage.pending.empty());
         });
}

// Recursion depth is the number of codings, at most Limits::content_codings.
Bytes CodingChain::pull(size_t index, Bytes& input) {
  Stage& stage = stages_[index];
  while (failure_ == Failure::kNone) {
    if (stage.pending.empty() && !stage.more) {
      stage.pending = index == 0 ? std::exchange(input, {}) : pull(index - 1, input);
      if (stage.pending.empty()) return {};
    }
    const Bytes output = run(stage);
    if (!output.empty()) return output;
  }
  return {};
}

Bytes CodingChain::run(Stage& stage) {
  const size_t before = stage.pending.size();
  size_t written = 0;
  const Decompressor::Status status =
      stage.decompressor->decode(stage.pending, {stage.buffer.get(), kBufferBytes}, written);
  stage.bytes_in += before - stage.pending.size();
  stage.bytes_out += written;
  stage.more = written == kBufferBytes;
  if (before > 0 || written > 0) stage.ended = status == Decompressor::Status::kEnd;
  const bool stuck = status == Decompressor::Status::kOk && written == 0 && before > 0 &&
                     stage.pending.size() == before;
  if (status == Decompressor::Status::kInvalid || stuck) {
    failure_ = Failure::kInvalid;
  } else if (stage.bytes_out > kRatioFreeBytes &&
             stage.bytes_out / limits_->decode_ratio > stage.bytes_in) {
    failure_ = Failure::kBomb;
  }
  // What was decoded before an error is good, but a bomb's output is not worth having.
  return {stage.buffer.get(), written};
}

}  // namespace sonde::http
