// The concept lexicon: words and phrases of many languages, each in one class (override, rules,
// reveal, ...). Classes are what lets the model read a language it has few examples of.
//
// Source format (lexicon.txt), UTF-8: `# comment`; `@name` opens a class, `@~name` a quiet one
// (function words: they count as language, not as concept); then words separated by spaces. `word*`
// matches every word with that beginning, `two_words` matches two words in a row. Immutable after
// construction, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::detect::model {

using ClassId = uint8_t;
inline constexpr ClassId kNoClass = 0;

// Classes that the tokenizer itself recognises; the lexicon's own follow.
enum BuiltinClass : ClassId {
  kClassNone,
  kClassUrl,
  kClassEmail,
  kClassNumber,
  kClassMoney,
  kClassPath,
  kClassRoleLabel,    // "system:", "### Assistant"
  kClassDelimiter,    // runs of ---, ===, ###, """
  kClassMarkup,       // <|im_start|>, [INST], <system>
  kClassPlaceholder,  // {x}, [insert ...]
  kClassQuestion,     // ?
  kClassExclaim,      // !
  kClassQuote,
  kClassColon,
  kClassComma,
  kFirstLexiconClass,
};

// Incremental hash over folded code points; the state after each is the hash of that prefix.
inline constexpr uint32_t kHashSeed = 0x811C9DC5;
constexpr uint32_t hash_step(uint32_t hash, uint32_t code_point) {
  hash = (hash ^ code_point) * 0x01000193U;
  return hash ^ (hash >> 15);
}
constexpr uint32_t hash_pair(uint32_t a, uint32_t b) {
  uint32_t hash = (a ^ 0x9E3779B9U) * 0x85EBCA6BU;
  hash = (hash ^ (hash >> 13) ^ b) * 0xC2B2AE35U;
  return hash ^ (hash >> 16);
}

class Lexicon {
 public:
  explicit Lexicon(std::string_view source);

  // The class of a whole word, or kNoClass.
  ClassId exact(uint32_t hash) const { return maybe(hash) ? find(hash, false) : kNoClass; }
  // The class of every word that begins so, or kNoClass.
  ClassId prefix(uint32_t hash) const { return maybe(hash) ? find(hash, true) : kNoClass; }
  // Whether `hash` is a word or a beginning at all.
  bool contains(uint32_t hash) const { return exact(hash) != kNoClass || prefix(hash) != kNoClass; }

  bool quiet(ClassId id) const { return quiet_[id]; }
  ClassId id_of(std::string_view name) const;  // kNoClass where there is none
  std::string_view name(ClassId id) const { return names_[id]; }
  size_t classes() const { return names_.size(); }

 private:
  struct Slot {
    uint32_t hash = 0;
    ClassId exact = kNoClass;
    ClassId prefix = kNoClass;
  };
  bool maybe(uint32_t hash) const { return (filter_[(hash & 0xFFFF) >> 6] >> (hash & 63)) & 1; }
  ClassId find(uint32_t hash, bool as_prefix) const;
  void insert(uint32_t hash, ClassId id, bool as_prefix);
  void add_entry(std::string_view entry, ClassId id);

  std::vector<Slot> slots_;
  std::vector<uint64_t> filter_;
  std::vector<std::string> names_;
  std::vector<bool> quiet_;
};

}  // namespace sonde::detect::model
