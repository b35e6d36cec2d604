#include "agent/http/websocket_reader.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

namespace sonde::http {
namespace {

constexpr uint8_t kContinuation = 0;
constexpr size_t kKeptCapacity = 256 << 10;  // memory kept for the next message

void make_empty(std::string& text) {
  text.clear();
  if (text.capacity() > kKeptCapacity) text.shrink_to_fit();
}

// RFC 6455, 5.3, eight bytes at a time. `at`: how many bytes of the payload came before.
void unmask(std::span<char> text, const std::array<std::byte, 4>& mask, size_t at) {
  std::array<std::byte, 8> pattern;
  for (size_t i = 0; i < pattern.size(); ++i) pattern[i] = mask[(at + i) % mask.size()];
  uint64_t word_mask = 0;
  std::memcpy(&word_mask, pattern.data(), sizeof(word_mask));
  size_t i = 0;
  for (; i + sizeof(word_mask) <= text.size(); i += sizeof(word_mask)) {
    uint64_t word = 0;
    std::memcpy(&word, &text[i], sizeof(word));
    word ^= word_mask;
    std::memcpy(&text[i], &word, sizeof(word));
  }
  for (; i < text.size(); ++i) {
    text[i] = static_cast<char>(static_cast<std::byte>(text[i]) ^ pattern[i % pattern.size()]);
  }
}

}  // namespace

// ---- permessage-deflate

MessageInflater::MessageInflater(const Limits& limits) : limits_(&limits) {
  auto stream = std::make_unique<z_stream>();
  if (inflateInit2(stream.get(), -MAX_WBITS) == Z_OK) stream_.reset(stream.release());
}

void MessageInflater::reset() {
  if (stream_) inflateReset(stream_.get());
}

bool MessageInflater::inflate_message(std::string_view compressed, std::string& out) {
  // The sender removed this tail of a flush from the end of the message (RFC 7692, 7.2.2).
  constexpr std::string_view kTail("\x00\x00\xff\xff", 4);
  compressed_bytes_ = compressed.size();
  if (stream_ && step(compressed, out) && step(kTail, out)) return true;
  reset();
  return false;
}

bool MessageInflater::too_large(size_t size) const {
  constexpr size_t kRatioFreeBytes = 1 << 20;
  const bool bomb = size > kRatioFreeBytes && size / limits_->decode_ratio > compressed_bytes_;
  return bomb || size > limits_->websocket_message_bytes;
}

bool MessageInflater::step(std::string_view compressed, std::string& out) {
  constexpr size_t kRoom = 16 << 10;
  // zlib's API predates const; it does not write through next_in.
  stream_->next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(compressed.data()));
  stream_->avail_in = static_cast<uInt>(compressed.size());
  do {
    const size_t before = out.size();
    out.resize(before + kRoom);
    stream_->next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream_->avail_out = kRoom;
    const int status = inflate(stream_.get(), Z_SYNC_FLUSH);
    out.resize(before + kRoom - stream_->avail_out);
    if (status == Z_STREAM_END) {  // a final block is allowed; the next message starts anew
      reset();
      return true;
    }
    if (status != Z_OK && status != Z_BUF_ERROR) return false;
    if (too_large(out.size())) return false;
  } while (stream_->avail_out == 0);
  return true;
}

// ---- frames

bool WebSocketFrameHeader::valid() const {
  const bool known = opcode <= 2 || (opcode >= 8 && opcode <= 10);
  const bool control_fits = !control() || (final && length <= 125 && !compressed);
  return known && control_fits && !reserved && length < (uint64_t{1} << 40);
}

std::optional<WebSocketFrameHeader> read_websocket_header(Bytes bytes) {
  ByteReader reader(bytes);
  const auto first = reader.u8();
  const auto second = reader.u8();
  if (!first || !second) return std::nullopt;
  WebSocketFrameHeader header;
  header.final = (*first & 0x80) != 0;
  header.compressed = (*first & 0x40) != 0;
  header.reserved = (*first & 0x30) != 0;
  header.opcode = *first & 0x0f;
  header.masked = (*second & 0x80) != 0;
  header.length = *second & 0x7f;
  if (header.length == 126) {
    const auto length = reader.u16_be();
    if (!length) return std::nullopt;
    header.length = *length;
  } else if (header.length == 127) {
    const auto length = reader.u64_be();
    if (!length) return std::nullopt;
    header.length = *length;
  }
  if (header.masked) {
    const auto mask = reader.bytes(header.mask.size());
    if (!mask) return std::nullopt;
    std::copy(mask->begin(), mask->end(), header.mask.begin());
  }
  header.size = bytes.size() - reader.remaining();
  return header;
}

namespace {

// Text messages of applications are JSON; a single frame that begins so needs no further proof.
bool begins_like_json(const WebSocketFrameHeader& header, Bytes payload) {
  if (header.opcode != 1 || header.compressed || payload.empty()) return false;
  const std::byte first = header.masked ? payload[0] ^ header.mask[0] : payload[0];
  return first == std::byte{'{'} || first == std::byte{'['};
}

// A message begins where frames of this direction stand in a row, or where one that ends with the
// bytes holds JSON.
Candidate judge_frame(Bytes bytes, size_t at, bool masked) {
  constexpr size_t kFollowedFrames = 4;
  for (size_t frames = 0;; ++frames) {
    const auto header = read_websocket_header(bytes.subspan(at));
    if (!header) return frames > 1 ? Candidate::kConfirmed : Candidate::kPending;
    const bool begins = frames > 0 || header->opcode != kContinuation;
    if (!begins || !header->valid() || header->masked != masked) return Candidate::kRefused;
    if (frames == kFollowedFrames) return Candidate::kConfirmed;
    const Bytes payload = bytes.subspan(at + header->size);
    if (header->length >= payload.size()) {
      const bool ends_here = header->length == payload.size();
      const bool sure =
          frames > 1 || (ends_here && (frames > 0 || begins_like_json(*header, payload)));
      return sure ? Candidate::kConfirmed : Candidate::kPending;
    }
    at += header->size + static_cast<size_t>(header->length);
  }
}

}  // namespace

WebSocketReader::WebSocketReader(const Limits& limits, Counters& counters, bool masked,
                                 bool keep_window)
    : limits_(&limits), counters_(&counters), masked_(masked), keep_window_(keep_window) {}

WebSocketReader::Event WebSocketReader::next(Bytes& input) {
  for (;;) {
    const bool replaying = !replay_.empty();
    if (!replaying && !replayed_.empty()) replayed_ = {};
    Bytes& source = replaying ? replay_ : input;
    if (searching_) {
      find_frame(source);
    } else if (in_frame_ || read_header(source)) {
      const Event event = read_payload(source);
      if (event != Event::kNeedMore) return event;
    }
    if (source.empty() && !replaying && replay_.empty()) return Event::kNeedMore;
  }
}

// True: a frame begins. False: its header is not whole, or cannot be one.
bool WebSocketReader::read_header(Bytes& input) {
  while (!input.empty()) {
    partial_ += as_text(input.first(1));
    input = input.subspan(1);
    const auto header = read_websocket_header(as_bytes(partial_));
    if (!header) continue;
    partial_.clear();
    const bool continues = header->opcode == kContinuation;
    const bool in_order = header->control() || continues == in_message_;
    if (!header->valid() || !in_order) {
      counters_->add(Count::kHttpInvalid);
      search();
      return false;
    }
    frame_ = *header;
    payload_left_ = frame_.length;
    mask_at_ = 0;
    in_frame_ = true;
    if (!frame_.control() && !continues) {
      make_empty(message_);
      make_empty(inflated_message_);
      in_message_ = true;
      damaged_ = false;
      message_compressed_ = frame_.compressed;
    }
    return true;
  }
  return false;
}

WebSocketReader::Event WebSocketReader::read_payload(Bytes& input) {
  const size_t taken = static_cast<size_t>(std::min<uint64_t>(payload_left_, input.size()));
  if (!frame_.control()) append(input.first(taken));
  input = input.subspan(taken);
  payload_left_ -= taken;
  return payload_left_ == 0 ? end_frame() : Event::kNeedMore;
}

void WebSocketReader::append(Bytes part) {
  if (damaged_) return;
  const size_t before = message_.size();
  if (before + part.size() > limits_->websocket_message_bytes) {
    counters_->add(Count::kHttpBodyTruncated);
    damaged_ = true;
    message_ = {};
    return;
  }
  message_ += as_text(part);
  if (!frame_.masked) return;
  unmask(std::span(message_).subspan(before), frame_.mask, mask_at_);
  mask_at_ += part.size();
}

WebSocketReader::Event WebSocketReader::end_frame() {
  in_frame_ = false;
  if (frame_.control() || !frame_.final) return Event::kNeedMore;
  in_message_ = false;
  inflated_ = message_compressed_;
  if (message_compressed_) {
    if (!inflater_) inflater_.emplace(*limits_);
    if (damaged_ || !keep_window_) inflater_->reset();
    if (!damaged_ && !inflater_->inflate_message(message_, inflated_message_)) {
      counters_->add(Count::kHttpDecodeFailed);
      damaged_ = true;
    }
  }
  return std::exchange(damaged_, false) ? Event::kDropped : Event::kMessage;
}

WebSocketReader::Event WebSocketReader::gap(uint64_t count) {
  replay_ = {};
  if (in_frame_ && count > 0 && count <= payload_left_) {
    payload_left_ -= count;
    damaged_ = damaged_ || !frame_.control();
    return payload_left_ == 0 ? end_frame() : Event::kNeedMore;
  }
  search();
  return Event::kDropped;
}

void WebSocketReader::search() {
  counters_->add(Count::kHttpResync);
  searching_ = true;
  in_frame_ = in_message_ = damaged_ = false;
  partial_.clear();
  search_.reset();
  message_ = {};
  if (inflater_) inflater_->reset();
}

void WebSocketReader::find_frame(Bytes& input) {
  const auto judge = [this](Bytes bytes, size_t at) { return judge_frame(bytes, at, masked_); };
  if (!search_.feed(std::exchange(input, {}), judge)) return;
  replayed_ = search_.take_found();
  replay_ = as_bytes(replayed_);
  searching_ = false;
}

}  // namespace sonde::http
