// One pass of Vectorscan over a text for all literals that any pattern detector waits for.
// Immutable but for its scratch memory: one object per shard, not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "agent/base/result.h"

struct hs_database;
struct hs_scratch;

namespace sonde::detect {

using LiteralId = uint32_t;

struct LiteralHit {
  LiteralId id = 0;
  size_t start = 0;  // bytes
  size_t end = 0;
};

// Collects the literals of all detectors before the one automaton is built from them. All match
// without regard to ASCII case; the rules behind them decide about case.
class LiteralSetBuilder {
 public:
  // The same literal always gets the same id. Must not be empty nor longer than 256 bytes.
  LiteralId add(std::string_view literal);
  const std::vector<std::string>& literals() const { return literals_; }

 private:
  std::map<std::string, LiteralId> ids_;
  std::vector<std::string> literals_;
};

class LiteralSet {
 public:
  static Result<LiteralSet> create(const LiteralSetBuilder& builder);

  // Calls on_hit(const LiteralHit&) in the order of the ends. Texts of any size; nothing is stored,
  // so that a text made of keywords costs no memory.
  template <typename OnHit>
  void scan(std::string_view text, OnHit&& on_hit) const {
    scan_with(text, {&on_hit, [](void* object, const LiteralHit& hit) {
                       (*static_cast<std::remove_reference_t<OnHit>*>(object))(hit);
                     }});
  }

 private:
  struct Callback {
    void* object;
    void (*call)(void* object, const LiteralHit& hit);
  };
  void scan_with(std::string_view text, Callback callback) const;

  struct FreeDatabase {
    void operator()(hs_database* database) const;
  };
  struct FreeScratch {
    void operator()(hs_scratch* scratch) const;
  };
  std::unique_ptr<hs_database, FreeDatabase> database_;
  std::unique_ptr<hs_scratch, FreeScratch> scratch_;
  std::vector<size_t> lengths_;
};

}  // namespace sonde::detect
