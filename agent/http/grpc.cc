#include "agent/http/grpc.h"

#include <algorithm>
#include <utility>

#include "agent/http/content_coding.h"
#include "agent/http/text.h"

namespace sonde::http {
namespace {

constexpr size_t kHeaderBytes = 5;
constexpr uint8_t kCompressed = 0x01;
constexpr uint8_t kTrailers = 0x80;

// Value of a base64 digit (RFC 4648, 4 and 5), or -1.
int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  return c == '/' || c == '_' ? 63 : -1;
}

Progress worse(Progress a, Progress b) {
  if (a == Progress::kInvalid || b == Progress::kInvalid) return Progress::kInvalid;
  return a == Progress::kMessage ? a : b;
}

}  // namespace

std::optional<GrpcFraming> grpc_framing(const Head& head) {
  const std::string_view field = head.field("content-type");
  const std::string type = lower(trim(field.substr(0, field.find(';'))));
  constexpr std::string_view kBase = "application/grpc";
  if (!type.starts_with(kBase)) return std::nullopt;
  std::string_view rest = std::string_view(type).substr(kBase.size());
  GrpcFraming framing;
  if (rest.starts_with("-web")) {
    framing.web = true;
    rest.remove_prefix(4);
    if (rest.starts_with("-text")) {
      framing.base64 = true;
      rest.remove_prefix(5);
    }
  }
  if (!rest.empty() && rest[0] != '+') return std::nullopt;
  if (!rest.empty()) framing.subtype = rest.substr(1);
  framing.encoding = trim(head.field("grpc-encoding"));
  return framing;
}

Progress GrpcParser::consume(Bytes bytes, std::vector<GrpcMessage>& out) {
  if (lost_) return Progress::kInvalid;
  return framing_.base64 ? decode_base64(bytes, out) : take(bytes, out);
}

// Each piece that the server flushed is encoded and padded on its own, so padding may stand in the
// middle.
Progress GrpcParser::decode_base64(Bytes bytes, std::vector<GrpcMessage>& out) {
  Progress progress = Progress::kNeedMore;
  std::string decoded;
  decoded.reserve(bytes.size() / 4 * 3 + 3);
  for (const char c : as_text(bytes)) {
    if (c == '\r' || c == '\n') continue;
    const int digit = base64_digit(c);
    const bool pads = c == '=' && quad_ >= 2;
    if (!pads && (digit < 0 || padding_ > 0)) {
      counters_->add(Count::kHttpInvalid);
      lost_ = true;
      progress = Progress::kInvalid;
      break;
    }
    padding_ += pads ? 1 : 0;
    bits_ = bits_ << 6 | static_cast<uint32_t>(pads ? 0 : digit);
    if (++quad_ < 4) continue;
    for (int shift = 16; shift >= 8 * padding_; shift -= 8) {
      decoded += static_cast<char>(bits_ >> shift & 0xff);
    }
    bits_ = 0;
    quad_ = padding_ = 0;
  }
  return worse(take(as_bytes(decoded), out), progress);
}

Progress GrpcParser::take(Bytes bytes, std::vector<GrpcMessage>& out) {
  const size_t before = out.size();
  bool dropped = false;
  for (;;) {
    if (!in_message_) {
      const size_t wanted = std::min(kHeaderBytes - header_.size(), bytes.size());
      header_ += as_text(bytes.first(wanted));
      bytes = bytes.subspan(wanted);
      if (header_.size() < kHeaderBytes) break;
      if (!begin_message()) return Progress::kInvalid;
    }
    const size_t taken = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size()));
    if (!dropping_) message_ += as_text(bytes.first(taken));
    bytes = bytes.subspan(taken);
    left_ -= taken;
    if (left_ > 0) break;
    if (!end_message(out)) dropped = true;
  }
  if (dropped) return Progress::kInvalid;
  return out.size() > before ? Progress::kMessage : Progress::kNeedMore;
}

bool GrpcParser::begin_message() {
  ByteReader reader(as_bytes(header_));
  flags_ = *reader.u8();
  left_ = *reader.u32_be();
  header_.clear();
  const uint8_t allowed = framing_.web ? kCompressed | kTrailers : kCompressed;
  if ((flags_ & ~allowed) != 0) {
    counters_->add(Count::kHttpInvalid);
    lost_ = true;
    return false;
  }
  in_message_ = true;
  dropping_ = left_ > limits_->grpc_message_bytes;
  if (dropping_) counters_->add(Count::kHttpBodyTruncated);
  return true;
}

// False: the message was dropped.
bool GrpcParser::end_message(std::vector<GrpcMessage>& out) {
  in_message_ = false;
  std::string data = std::exchange(message_, {});
  if (std::exchange(dropping_, false)) return false;
  if ((flags_ & kCompressed) != 0 && !decompress(data)) return false;
  out.push_back({.data = std::move(data), .trailers = (flags_ & kTrailers) != 0});
  return true;
}

bool GrpcParser::decompress(std::string& text) {
  CodingChain chain(*limits_);
  chain.add(framing_.encoding);
  if (chain.empty() && !framing_.encoding.empty()) return true;  // "identity"
  std::string decoded;
  Bytes input = as_bytes(text);
  bool fits = !framing_.encoding.empty();
  while (fits) {
    const Bytes piece = chain.next(input);
    if (piece.empty()) break;
    decoded += as_text(piece);
    fits = decoded.size() <= limits_->grpc_message_bytes;
  }
  if (!fits || !chain.whole()) {
    const bool bomb = chain.failure() == CodingChain::Failure::kBomb;
    counters_->add(bomb ? Count::kHttpDecodeBomb : Count::kHttpDecodeFailed);
    return false;
  }
  text = std::move(decoded);
  return true;
}

void GrpcParser::gap(uint64_t count) {
  if (lost_) return;
  const bool inside = !framing_.base64 && in_message_ && count > 0 && count < left_;
  if (!inside) {
    counters_->add(Count::kHttpResync);
    lost_ = true;
    message_ = {};
    return;
  }
  left_ -= count;
  dropping_ = true;
  message_ = {};
}

}  // namespace sonde::http
