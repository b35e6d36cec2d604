#include "agent/sink/crc32c.h"

#include <array>

namespace sonde::sink {
namespace {

constexpr uint32_t kReflectedPolynomial = 0x82f63b78;

// Slicing by 8: table k advances a byte that has k more bytes behind it.
using Tables = std::array<std::array<uint32_t, 256>, 8>;

constexpr Tables make_tables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value >> 1) ^ ((value & 1) != 0 ? kReflectedPolynomial : 0);
    }
    tables[0][byte] = value;
  }
  for (size_t table = 1; table < tables.size(); ++table) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t value = tables[table - 1][byte];
      tables[table][byte] = (value >> 8) ^ tables[0][value & 0xff];
    }
  }
  return tables;
}
constexpr Tables kTables = make_tables();

}  // namespace

uint32_t crc32c(Bytes bytes, uint32_t previous) {
  uint32_t crc = ~previous;
  ByteReader reader(bytes);
  while (reader.remaining() >= 8) {
    const uint64_t word = *reader.u64_le() ^ crc;
    crc = 0;
    for (size_t i = 0; i < 8; ++i) crc ^= kTables[7 - i][(word >> (8 * i)) & 0xff];
  }
  while (const auto byte = reader.u8()) crc = (crc >> 8) ^ kTables[0][(crc ^ *byte) & 0xff];
  return ~crc;
}

}  // namespace sonde::sink
