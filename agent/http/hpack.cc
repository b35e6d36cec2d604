#include "agent/http/hpack.h"

#include <algorithm>
#include <optional>
#include <string>

#include <nghttp2/nghttp2.h>

namespace sonde::http {
namespace {

// A table of the usual 4096 bytes holds at most 128 entries of 32 bytes and more (4.1); one that
// was decoded in vain may be of a peer that allowed more.
constexpr size_t kPlaceholders = 128;
constexpr size_t kMorePlaceholders = 1024;

// An integer with an N-bit prefix (RFC 7541, 5.1), for the block below.
void append_integer(std::string& out, uint8_t first, unsigned prefix_bits, size_t value) {
  const size_t prefix_max = (size_t{1} << prefix_bits) - 1;
  if (value < prefix_max) {
    out += static_cast<char>(first | value);
    return;
  }
  out += static_cast<char>(first | prefix_max);
  for (value -= prefix_max; value >= 128; value >>= 7) {
    out += static_cast<char>(0x80 | (value & 0x7f));
  }
  out += static_cast<char>(value);
}

// A header block that sets the table to its greatest size and fills it with placeholders. A table
// larger than the peer's is harmless: it only keeps entries that are never referred to again.
std::string placeholder_block(size_t table_bytes, size_t count) {
  std::string block;
  append_integer(block, 0x20, 5, table_bytes);
  for (size_t i = 0; i < count; ++i) {
    block += '\x40';  // literal with incremental indexing, new name (6.2.1)
    append_integer(block, 0, 7, kOpaqueName.size());
    block += kOpaqueName;
    block += '\0';  // empty value
  }
  return block;
}

std::optional<size_t> read_integer(ByteReader& reader, uint8_t first, unsigned prefix_bits) {
  const size_t prefix_max = (size_t{1} << prefix_bits) - 1;
  size_t value = first & prefix_max;
  if (value < prefix_max) return value;
  for (unsigned shift = 0; shift < 28; shift += 7) {
    const std::optional<uint8_t> byte = reader.u8();
    if (!byte) return std::nullopt;
    value += size_t{*byte & 0x7fU} << shift;
    if ((*byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

bool skip_string(ByteReader& reader) {
  const std::optional<uint8_t> first = reader.u8();
  if (!first) return false;
  const std::optional<size_t> size = read_integer(reader, *first, 7);
  return size && reader.skip(*size);
}

// Entries 1 to 7 of the static table are request pseudo-header fields, 8 to 14 are :status.
BlockKind kind_of_index(size_t index) {
  if (index >= 1 && index <= 7) return BlockKind::kRequest;
  return index >= 8 && index <= 14 ? BlockKind::kResponse : BlockKind::kUnknown;
}

}  // namespace

void HpackDecoder::Delete::operator()(nghttp2_hd_inflater* inflater) const {
  nghttp2_hd_inflate_del(inflater);
}

// The decoder itself is made with the first header block: many connections idle before it.
HpackDecoder::HpackDecoder(const Limits& limits, bool joined_late)
    : limits_(&limits), placeholders_(joined_late ? kPlaceholders : 0) {}

void HpackDecoder::make() {
  nghttp2_hd_inflater* inflater = nullptr;
  if (nghttp2_hd_inflate_new(&inflater) != 0) return;  // out of memory: decode() then fails
  inflater_.reset(inflater);
  // The largest table any peer may have allowed; the encoder says which size it uses.
  nghttp2_hd_inflate_change_table_size(inflater, limits_->hpack_table_bytes);
  if (placeholders_ == 0) return;
  const std::string block = placeholder_block(limits_->hpack_table_bytes, placeholders_);
  inflate(as_bytes(block), true, nullptr);
}

void HpackDecoder::forget() {
  inflater_.reset();
  placeholders_ = std::max(placeholders_, kPlaceholders);
}

bool HpackDecoder::decode(Bytes part, bool last, HeaderBlock& block) {
  if (!inflater_) make();
  if (inflater_ && inflate(part, last, &block)) return true;
  inflater_.reset();
  placeholders_ = placeholders_ == 0 ? kPlaceholders : kMorePlaceholders;
  return false;
}

bool HpackDecoder::inflate(Bytes part, bool last, HeaderBlock* block) {
  for (;;) {
    nghttp2_nv field;
    int flags = 0;
    const ssize_t taken =
        nghttp2_hd_inflate_hd2(inflater_.get(), &field, &flags,
                               reinterpret_cast<const uint8_t*>(part.data()), part.size(), last);
    if (taken < 0) return false;
    part = part.subspan(static_cast<size_t>(taken));
    const bool emitted = (flags & NGHTTP2_HD_INFLATE_EMIT) != 0;
    if (emitted && block != nullptr) {
      block->bytes += field.namelen + field.valuelen;
      if (block->bytes > limits_->header_bytes || block->fields.size() >= limits_->header_fields) {
        block->too_big = true;  // decoding goes on: the table must stay in step
      } else {
        block->fields.push_back(
            {std::string(reinterpret_cast<const char*>(field.name), field.namelen),
             std::string(reinterpret_cast<const char*>(field.value), field.valuelen)});
      }
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) {
      nghttp2_hd_inflate_end_headers(inflater_.get());
      return true;
    }
    if (!emitted && part.empty()) return true;
  }
}

BlockKind guess_block_kind(Bytes block) {
  ByteReader reader(block);
  constexpr int kFieldsLooked = 8;  // pseudo-header fields come first
  for (int i = 0; i < kFieldsLooked; ++i) {
    const std::optional<uint8_t> first = reader.u8();
    if (!first) return BlockKind::kUnknown;
    const bool indexed = (*first & 0x80) != 0;
    const bool size_update = (*first & 0xe0) == 0x20;
    const unsigned prefix_bits = indexed ? 7 : (*first & 0x40) != 0 ? 6 : size_update ? 5 : 4;
    const std::optional<size_t> index = read_integer(reader, *first, prefix_bits);
    if (!index) return BlockKind::kUnknown;
    if (size_update) continue;
    const BlockKind kind = kind_of_index(*index);
    if (kind != BlockKind::kUnknown) return kind;
    if (indexed) continue;
    if (*index == 0 && !skip_string(reader)) return BlockKind::kUnknown;
    if (!skip_string(reader)) return BlockKind::kUnknown;
  }
  return BlockKind::kUnknown;
}

}  // namespace sonde::http
