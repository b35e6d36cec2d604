#include "agent/detect/literal_set.h"

#include <algorithm>

#include <hs.h>

namespace sonde::detect {

LiteralId LiteralSetBuilder::add(std::string_view literal) {
  std::string lower(literal);
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  const auto [place, fresh] = ids_.try_emplace(lower, static_cast<LiteralId>(literals_.size()));
  if (fresh) literals_.push_back(lower);
  return place->second;
}

void LiteralSet::FreeDatabase::operator()(hs_database* database) const {
  hs_free_database(database);
}
void LiteralSet::FreeScratch::operator()(hs_scratch* scratch) const { hs_free_scratch(scratch); }

Result<LiteralSet> LiteralSet::create(const LiteralSetBuilder& builder) {
  const std::vector<std::string>& literals = builder.literals();
  LiteralSet set;
  std::vector<const char*> expressions;
  std::vector<unsigned> flags(literals.size(), HS_FLAG_CASELESS);
  std::vector<unsigned> ids;
  for (const std::string& literal : literals) {
    ids.push_back(static_cast<unsigned>(set.lengths_.size()));
    set.lengths_.push_back(literal.size());
    expressions.push_back(literal.c_str());
  }
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile_lit_multi(expressions.data(), flags.data(), ids.data(), set.lengths_.data(),
                           static_cast<unsigned>(literals.size()), HS_MODE_BLOCK, nullptr,
                           &database, &error) != HS_SUCCESS) {
    std::string message = error != nullptr ? error->message : "unknown error";
    hs_free_compile_error(error);
    return fail("cannot compile the literals of the detectors: " + message);
  }
  set.database_.reset(database);
  hs_scratch_t* scratch = nullptr;
  if (hs_alloc_scratch(database, &scratch) != HS_SUCCESS) {
    return fail("cannot allocate memory for pattern matching");
  }
  set.scratch_.reset(scratch);
  return set;
}

void LiteralSet::scan_with(std::string_view text, Callback callback) const {
  struct Pass {
    const std::vector<size_t>& lengths;
    Callback callback;
    size_t offset = 0;
    size_t reported = 0;  // hits that end here or before were told in an earlier block
  };
  const auto on_match = [](unsigned id, unsigned long long /*from*/, unsigned long long to,
                           unsigned /*flags*/, void* context) {
    const Pass& pass = *static_cast<const Pass*>(context);
    const size_t end = pass.offset + to;
    if (end > pass.reported) {
      pass.callback.call(pass.callback.object, {id, end - pass.lengths[id], end});
    }
    return 0;
  };
  // The interface takes 32-bit sizes; blocks overlap by more than any literal is long.
  constexpr size_t kBlock = size_t{1} << 30;
  constexpr size_t kOverlap = 256;
  Pass pass{lengths_, callback};
  while (pass.offset < text.size()) {
    const size_t size = std::min(kBlock, text.size() - pass.offset);
    hs_scan(database_.get(), text.data() + pass.offset, static_cast<unsigned>(size), 0,
            scratch_.get(), on_match, &pass);
    pass.reported = pass.offset + size;
    if (pass.reported == text.size()) break;
    pass.offset = pass.reported - kOverlap;
  }
}

}  // namespace sonde::detect
