// Shared by the two halves of the tokenizer: tokenizer.cc (words) and tokenizer_marks.cc
// (punctuation).
#pragma once

#include <string_view>

#include "agent/detect/model/lexicon.h"

namespace sonde::detect::model {

constexpr uint32_t hash_ascii(std::string_view word) {
  uint32_t hash = kHashSeed;
  for (const char c : word) hash = hash_step(hash, static_cast<uint8_t>(c));
  return hash;
}

// The hash of a token that stands for a class rather than for its spelling.
constexpr uint32_t builtin_hash(ClassId id) { return hash_pair(0xB17E5, id); }

inline bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace sonde::detect::model
