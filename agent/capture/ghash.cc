#include "agent/capture/ghash.h"

namespace sonde::capture {
namespace {

uint64_t big_endian(const uint8_t* bytes) {
  uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | bytes[i];
  return value;
}

void store_big_endian(uint64_t value, uint8_t* bytes) {
  for (int i = 7; i >= 0; --i, value >>= 8) bytes[i] = static_cast<uint8_t>(value);
}

}  // namespace

FieldElement to_element(const Block& block) {
  return {big_endian(block.data()), big_endian(block.data() + 8)};
}

Block to_block(const FieldElement& element) {
  Block block;
  store_big_endian(element.high, block.data());
  store_big_endian(element.low, block.data() + 8);
  return block;
}

FieldElement add(const FieldElement& a, const FieldElement& b) {
  return {a.high ^ b.high, a.low ^ b.low};
}

// Algorithm 1 of the standard.
FieldElement multiply(const FieldElement& a, const FieldElement& b) {
  constexpr uint64_t kReduction = uint64_t{0xe1} << 56;
  FieldElement product;
  FieldElement shifted = b;
  for (int i = 0; i < 128; ++i) {
    const uint64_t bit = (i < 64 ? a.high >> (63 - i) : a.low >> (127 - i)) & 1;
    product.high ^= shifted.high & (0 - bit);
    product.low ^= shifted.low & (0 - bit);
    const uint64_t carry = shifted.low & 1;
    shifted.low = shifted.low >> 1 | shifted.high << 63;
    shifted.high = (shifted.high >> 1) ^ (kReduction & (0 - carry));
  }
  return product;
}

// By Fermat: the exponent 2^128 - 2 is the sum of 2^1 to 2^127.
FieldElement invert(const FieldElement& a) {
  FieldElement power = multiply(a, a);
  FieldElement inverse = power;
  for (int i = 2; i < 128; ++i) {
    power = multiply(power, power);
    inverse = multiply(inverse, power);
  }
  return inverse;
}

}  // namespace sonde::capture
