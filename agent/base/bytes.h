// Bytes are std::span<const std::byte>; ByteReader is the only way binary input is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sonde {

using Bytes = std::span<const std::byte>;

// Text and bytes are the same memory under two names; neither call copies.
inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Reads integers and slices from the front of a span, in either byte order, never past its end.
// Every read answers nullopt when too few bytes are left, and then consumes nothing.
class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) : rest_(bytes) {}

  size_t remaining() const { return rest_.size(); }
  bool empty() const { return rest_.empty(); }
  Bytes rest() const { return rest_; }

  std::optional<uint8_t> u8() { return big_endian<uint8_t>(); }
  std::optional<uint16_t> u16_be() { return big_endian<uint16_t>(); }
  std::optional<uint32_t> u24_be() {
    if (rest_.size() < 3) return std::nullopt;
    const uint32_t value = (at(0) << 16) | (at(1) << 8) | at(2);
    rest_ = rest_.subspan(3);
    return value;
  }
  std::optional<uint32_t> u32_be() { return big_endian<uint32_t>(); }
  std::optional<uint64_t> u64_be() { return big_endian<uint64_t>(); }
  std::optional<uint16_t> u16_le() { return little_endian<uint16_t>(); }
  std::optional<uint32_t> u32_le() { return little_endian<uint32_t>(); }
  std::optional<uint64_t> u64_le() { return little_endian<uint64_t>(); }

  std::optional<Bytes> bytes(size_t count) {
    if (rest_.size() < count) return std::nullopt;
    const Bytes taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  bool skip(size_t count) { return bytes(count).has_value(); }

 private:
  uint32_t at(size_t index) const { return std::to_integer<uint32_t>(rest_[index]); }

  template <typename T>
  std::optional<T> big_endian() {
    if (rest_.size() < sizeof(T)) return std::nullopt;
    T value = 0;
    for (size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>((uint64_t{value} << 8) | at(i));
    rest_ = rest_.subspan(sizeof(T));
    return value;
  }
  template <typename T>
  std::optional<T> little_endian() {
    if (rest_.size() < sizeof(T)) return std::nullopt;
    T value = 0;
    for (size_t i = sizeof(T); i-- > 0;) value = static_cast<T>((uint64_t{value} << 8) | at(i));
    rest_ = rest_.subspan(sizeof(T));
    return value;
  }

  Bytes rest_;
};

}  // namespace sonde
