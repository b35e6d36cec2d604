#include "agent/detect/model/weights.h"

#include <cstring>

namespace sonde::detect::model {
namespace {

constexpr std::string_view kMagic = "SNDMODL3";

void put(std::string& out, const void* data, size_t bytes) {
  out.append(static_cast<const char*>(data), bytes);
}

bool take(std::string_view& in, void* data, size_t bytes) {
  if (in.size() < bytes) return false;
  std::memcpy(data, in.data(), bytes);
  in.remove_prefix(bytes);
  return true;
}

}  // namespace

std::string serialize(const Weights& weights) {
  std::string out(kMagic);
  for (const Head& head : weights.heads) {
    for (const float value : {head.segment_scale, head.text_scale, head.bias, head.slope}) {
      put(out, &value, sizeof value);
    }
    put(out, head.offset.data(), sizeof head.offset);
    put(out, head.segment.data(), head.segment.size() * sizeof(Cell));
    put(out, head.text.data(), head.text.size());
  }
  for (const auto& table : weights.subtype) put(out, table.data(), table.size());
  return out;
}

Result<Weights> parse_weights(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return fail("prompt model: not a weights file of this version");
  bytes.remove_prefix(kMagic.size());
  Weights weights;
  bool good = true;
  for (Head& head : weights.heads) {
    for (float* value : {&head.segment_scale, &head.text_scale, &head.bias, &head.slope}) {
      good = good && take(bytes, value, sizeof *value);
    }
    good = good && take(bytes, head.offset.data(), sizeof head.offset) &&
           take(bytes, head.segment.data(), head.segment.size() * sizeof(Cell)) &&
           take(bytes, head.text.data(), head.text.size());
  }
  for (auto& table : weights.subtype) {
    table.resize(size_t{1} << kSubtypeBits);
    good = good && take(bytes, table.data(), table.size());
  }
  if (!good || !bytes.empty()) return fail("prompt model: weights file cut or too long");
  return weights;
}

}  // namespace sonde::detect::model
