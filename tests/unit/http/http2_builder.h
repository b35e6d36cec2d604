// Writes one direction of an HTTP/2 connection, as an endpoint with nghttp2's encoder would.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nghttp2/nghttp2.h>

#include "agent/http/http2_frame.h"

namespace sonde::http::test {

using Pairs = std::vector<std::pair<std::string, std::string>>;

inline std::string frame(Http2FrameType type, uint8_t flags, uint32_t stream,
                         std::string_view payload) {
  std::string out;
  const auto byte = [&out](size_t value) { out += static_cast<char>(value & 0xff); };
  for (const int shift : {16, 8, 0}) byte(payload.size() >> shift);
  byte(static_cast<uint8_t>(type));
  byte(flags);
  for (const int shift : {24, 16, 8, 0}) byte(stream >> shift);
  out += payload;
  return out;
}

class Http2Builder {
 public:
  explicit Http2Builder(bool client) {
    nghttp2_hd_deflate_new(&deflater_, 4096);
    if (client) out_ = kHttp2Preface;
    out_ += frame(Http2FrameType::kSettings, 0, 0, std::string_view("\0\3\0\0\0\x64", 6));
  }
  ~Http2Builder() { nghttp2_hd_deflate_del(deflater_); }
  Http2Builder(const Http2Builder&) = delete;

  std::string block(const Pairs& fields) {
    std::vector<nghttp2_nv> values;
    for (const auto& [name, value] : fields) {
      values.push_back({bytes(name), bytes(value), name.size(), value.size(), 0});
    }
    std::string block(nghttp2_hd_deflate_bound(deflater_, values.data(), values.size()), '\0');
    const ssize_t size =
        nghttp2_hd_deflate_hd(deflater_, bytes(block), block.size(), values.data(), values.size());
    block.resize(static_cast<size_t>(size));
    return block;
  }
  Http2Builder& headers(uint32_t stream, const Pairs& fields, bool end = false) {
    out_ += frame(Http2FrameType::kHeaders,
                  static_cast<uint8_t>(kFlagEndHeaders | (end ? kFlagEndStream : 0)), stream,
                  block(fields));
    return *this;
  }
  Http2Builder& request(uint32_t stream, const std::string& path, bool end = false) {
    return headers(stream,
                   {{":method", "POST"},
                    {":scheme", "https"},
                    {":authority", "api.example"},
                    {":path", path},
                    {"user-agent", "builder/1"},
                    {"authorization", "Bearer x"}},
                   end);
  }
  Http2Builder& response(uint32_t stream, const std::string& status, bool end = false) {
    return headers(stream, {{":status", status}, {"server", "builder"}, {"x-id", path(stream)}},
                   end);
  }
  Http2Builder& data(uint32_t stream, std::string_view text, bool end = false) {
    out_ += frame(Http2FrameType::kData, end ? kFlagEndStream : 0, stream, text);
    return *this;
  }
  Http2Builder& raw(std::string_view bytes) {
    out_ += bytes;
    return *this;
  }
  std::string take() { return std::exchange(out_, {}); }

 private:
  static std::string path(uint32_t stream) { return "id-" + std::to_string(stream); }
  static uint8_t* bytes(const std::string& text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  }
  nghttp2_hd_deflater* deflater_ = nullptr;
  std::string out_;
};

}  // namespace sonde::http::test
