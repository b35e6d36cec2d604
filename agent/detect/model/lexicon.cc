#include "agent/detect/model/lexicon.h"

#include <algorithm>
#include <cassert>

#include "agent/detect/model/fold.h"

namespace sonde::detect::model {
namespace {

constexpr size_t kSlots = size_t{1} << 15;
constexpr std::string_view kBuiltinNames[] = {
    "none",   "url",         "email",    "number",  "money", "path",  "role_label", "delimiter",
    "markup", "placeholder", "question", "exclaim", "quote", "colon", "comma"};

uint32_t hash_folded(std::string_view word) {
  uint32_t hash = kHashSeed;
  for (size_t i = 0; i < word.size();) {
    const CodePoint point = decode_utf8(word, i);
    const uint32_t folded = fold(point.value);
    if (folded != kInvisible && folded != '\'') hash = hash_step(hash, folded);
    i += point.length;
  }
  return hash;
}

}  // namespace

Lexicon::Lexicon(std::string_view source)
    : slots_(kSlots),
      filter_(0x10000 / 64),
      names_(std::begin(kBuiltinNames), std::end(kBuiltinNames)) {
  quiet_.assign(names_.size(), false);
  ClassId current = kNoClass;
  while (!source.empty()) {
    const size_t line_end = std::min(source.find('\n'), source.size());
    std::string_view line = source.substr(0, line_end);
    source.remove_prefix(std::min(line_end + 1, source.size()));
    if (line.starts_with('#')) continue;
    while (!line.empty()) {
      const size_t end = std::min(line.find(' '), line.size());
      const std::string_view word = line.substr(0, end);
      line.remove_prefix(std::min(end + 1, line.size()));
      if (word.empty()) continue;
      if (word.front() == '@') {
        const bool quiet = word.starts_with("@~");
        names_.emplace_back(word.substr(quiet ? 2 : 1));
        quiet_.push_back(quiet);
        current = static_cast<ClassId>(names_.size() - 1);
      } else {
        add_entry(word, current);
      }
    }
  }
  assert(names_.size() < 128);
}

void Lexicon::add_entry(std::string_view entry, ClassId id) {
  const bool as_prefix = entry.ends_with('*');
  if (as_prefix) entry.remove_suffix(1);
  const size_t gap = entry.find('_');
  if (gap == std::string_view::npos) {
    insert(hash_folded(entry), id, as_prefix);
  } else {
    insert(hash_pair(hash_folded(entry.substr(0, gap)), hash_folded(entry.substr(gap + 1))), id,
           false);
  }
}

// The first class that claims a word keeps it: the source is ordered by how telling the classes
// are.
void Lexicon::insert(uint32_t hash, ClassId id, bool as_prefix) {
  filter_[(hash & 0xFFFF) >> 6] |= uint64_t{1} << (hash & 63);
  size_t at = (hash * 0x9E3779B1U) >> 17;
  for (size_t probes = 0; probes < kSlots; ++probes, at = (at + 1) & (kSlots - 1)) {
    Slot& slot = slots_[at];
    if (slot.hash != hash && (slot.exact != kNoClass || slot.prefix != kNoClass)) continue;
    slot.hash = hash;
    ClassId& kept = as_prefix ? slot.prefix : slot.exact;
    if (kept == kNoClass) kept = id;
    return;
  }
}

ClassId Lexicon::find(uint32_t hash, bool as_prefix) const {
  size_t at = (hash * 0x9E3779B1U) >> 17;
  for (size_t probes = 0; probes < 64; ++probes, at = (at + 1) & (kSlots - 1)) {
    const Slot& slot = slots_[at];
    if (slot.exact == kNoClass && slot.prefix == kNoClass) return kNoClass;
    if (slot.hash == hash) return as_prefix ? slot.prefix : slot.exact;
  }
  return kNoClass;
}

ClassId Lexicon::id_of(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  return found == names_.end() ? kNoClass : static_cast<ClassId>(found - names_.begin());
}

}  // namespace sonde::detect::model
