#include "agent/attach/literal_scan.h"

#include <algorithm>
#include <memory>
#include <string>

#include <hs/hs.h>

namespace sonde::attach {
namespace {

struct DatabaseDeleter {
  void operator()(hs_database_t* database) const { hs_free_database(database); }
};
struct ScratchDeleter {
  void operator()(hs_scratch_t* scratch) const { hs_free_scratch(scratch); }
};
using Database = std::unique_ptr<hs_database_t, DatabaseDeleter>;
using Scratch = std::unique_ptr<hs_scratch_t, ScratchDeleter>;

constexpr size_t kOverlap = 256;

Database compile(std::span<const std::string_view> literals) {
  std::vector<const char*> texts;
  std::vector<unsigned> flags(literals.size(), 0);
  std::vector<unsigned> ids;
  std::vector<size_t> lengths;
  for (const std::string_view literal : literals) {
    ids.push_back(static_cast<unsigned>(ids.size()));
    texts.push_back(literal.data());
    lengths.push_back(literal.size());
  }
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  const hs_error_t result = hs_compile_lit_multi(
      texts.data(), flags.data(), ids.data(), lengths.data(), static_cast<unsigned>(texts.size()),
      HS_MODE_BLOCK, nullptr, &database, &error);
  if (error != nullptr) hs_free_compile_error(error);
  return Database(result == HS_SUCCESS ? database : nullptr);
}

struct Context {
  const ElfImage* image;
  std::span<const std::string_view> literals;
  uint64_t chunk_address;
  std::vector<LiteralHit>* hits;
};

int on_match(unsigned id, unsigned long long, unsigned long long to, unsigned, void* opaque) {
  auto& context = *static_cast<Context*>(opaque);
  context.hits->push_back({id, context.chunk_address + to - context.literals[id].size()});
  return context.hits->size() >= context.image->limits().references ? 1 : 0;
}

}  // namespace

std::vector<LiteralHit> find_literals(const ElfImage& image, std::span<const Segment> where,
                                      std::span<const std::string_view> literals) {
  std::vector<LiteralHit> hits;
  const Database database = compile(literals);
  hs_scratch_t* raw_scratch = nullptr;
  if (!database || hs_alloc_scratch(database.get(), &raw_scratch) != HS_SUCCESS) return hits;
  const Scratch scratch(raw_scratch);
  uint64_t budget = image.limits().scanned_bytes;
  for (const Segment& segment : where) {
    const uint64_t size = std::min(segment.size, budget);
    budget -= size;
    image.scan(segment.offset, size, kOverlap, [&](Bytes chunk, uint64_t offset) {
      Context context{&image, literals, segment.address + (offset - segment.offset), &hits};
      const std::string_view text = as_text(chunk);
      hs_scan(database.get(), text.data(), static_cast<unsigned>(text.size()), 0, scratch.get(),
              on_match, &context);
    });
  }
  std::sort(hits.begin(), hits.end());
  hits.erase(std::unique(hits.begin(), hits.end()), hits.end());
  return hits;
}

}  // namespace sonde::attach
