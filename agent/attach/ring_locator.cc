// rustls over ring 0.17: its AES-GCM assembly, x86-64.
//
// By symbol (ring prefixes its own with ring_core_VERSION__), or in stripped programs by the
// constants of the VAES assembly, which only its three functions refer to: ghash, enc and dec, in
// the order of the one assembler file. Records under 16 bytes and the ends of longer ones go
// through aes_hw_ctr32_encrypt_blocks: assembly too, so its first instructions are the same in
// every build; of several copies (OpenSSL and BoringSSL have it as well) ring's is the one that is
// called where enc or dec is called.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

#include "agent/attach/reference_scan.h"
#include "agent/attach/search.h"

namespace sonde::attach {
namespace {

struct Wanted {
  std::string_view name;
  Function function;
};
// Other processors dispatch to other variants: all are listed that take the same arguments.
constexpr auto kSymbols = std::to_array<Wanted>({
    {"aes_gcm_enc_update_vaes_avx2", Function::kRingGcmEnc},
    {"aes_gcm_dec_update_vaes_avx2", Function::kRingGcmDec},
    {"aesni_gcm_encrypt", Function::kRingGcmEnc},
    {"aesni_gcm_decrypt", Function::kRingGcmDec},
    {"aes_hw_ctr32_encrypt_blocks", Function::kRingCtr32},
});

// Distances from the start of the constants that the functions refer to.
constexpr uint64_t kCounterPattern = 64;

bool by_symbol(Search& search, LocateReport& report) {
  TlsTarget target{.stack = Stack::kRustls, .flavour = "ring", .located_by = LocatedBy::kPattern};
  target.evidence = "symbols ring_core_*";
  for (const NamedFunction& symbol : search.symbols()) {
    const std::string_view name = symbol.name;
    if (!name.starts_with("ring_core_")) continue;
    for (const Wanted& wanted : kSymbols) {
      if (!name.ends_with(wanted.name)) continue;
      if (auto site = search.site(wanted.function, symbol, "symbol")) {
        target.functions.push_back(std::move(*site));
      }
    }
  }
  if (target.functions.size() < 3) return false;
  report.targets.push_back(std::move(target));
  return true;
}

struct GcmPair {
  uint64_t enc = 0;
  uint64_t dec = 0;
};

Result<GcmPair> find_gcm(Search& search, uint64_t constants) {
  std::map<uint64_t, std::set<uint64_t>> distances;  // function -> distances it refers to
  const Range block{constants, constants + kCounterPattern + 1};
  for (const Reference& reference : search.references_to_anchor(block)) {
    const auto function = search.unwind().function_at(reference.instruction);
    if (function) distances[function->begin].insert(reference.target - constants);
  }
  std::vector<uint64_t> found;
  for (const auto& [function, referred] : distances) {
    if (referred.contains(0) && referred.contains(kCounterPattern)) found.push_back(function);
  }
  if (found.size() != 2) {
    return fail(fmt::format("{} functions fit aes_gcm_{{enc,dec}}_update_vaes_avx2", found.size()));
  }
  return GcmPair{found[0], found[1]};
}

// [endbr64]; cmp rdx, 1; jne short; movups xmm2, [r8]; movups xmm3, [rdi]
std::vector<uint64_t> find_ctr32(const Search& search) {
  constexpr std::string_view kCompare("\x48\x83\xfa\x01\x75", 5);
  constexpr std::string_view kLoads("\x41\x0f\x10\x10\x0f\x10\x1f", 7);
  std::vector<uint64_t> found;
  for (const Segment& segment : search.image().segments()) {
    if (!segment.executable) continue;
    search.image().scan(segment.offset, segment.size, 16, [&](Bytes chunk, uint64_t offset) {
      const std::string_view text = as_text(chunk);
      for (size_t at = text.find(kLoads); at != std::string_view::npos;
           at = text.find(kLoads, at + 1)) {
        if (at < 6 || text.substr(at - 6, 5) != kCompare) continue;
        const uint64_t compare = segment.address + (offset - segment.offset) + at - 6;
        const auto function = search.unwind().function_at(compare);
        if (function && compare - function->begin <= 4) found.push_back(function->begin);
      }
    });
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

// Functions that call each of these, directly or through a pointer in data (GOT).
std::map<uint64_t, std::set<uint64_t>> callers(const Search& search,
                                               const std::vector<uint64_t>& callees) {
  std::vector<Range> wanted;
  wanted.reserve(callees.size());
  for (const uint64_t callee : callees) wanted.push_back({callee, callee + 1});
  std::map<uint64_t, std::set<uint64_t>> found;
  const auto add = [&](uint64_t callee, uint64_t instruction) {
    const auto function = search.unwind().function_at(instruction);
    if (function) found[callee].insert(function->begin);
  };
  for (const Reference& reference : find_references(search.image(), wanted, kCodeReferences)) {
    add(reference.target, reference.instruction);
  }
  std::map<uint64_t, uint64_t> slots;
  std::vector<Range> slot_ranges;
  for (const PointerSlot& pointer : find_pointer_slots(search.image(), wanted)) {
    slots[pointer.slot] = pointer.target;
    slot_ranges.push_back({pointer.slot, pointer.slot + 1});
  }
  for (const Reference& reference : find_references(search.image(), slot_ranges, kDataReferences)) {
    add(slots[reference.target], reference.instruction);
  }
  return found;
}

Result<uint64_t> choose_ctr32(const Search& search, const GcmPair& gcm) {
  std::vector<uint64_t> candidates = find_ctr32(search);
  if (candidates.size() > 1) {
    std::vector<uint64_t> all = candidates;
    all.insert(all.end(), {gcm.enc, gcm.dec});
    const std::map<uint64_t, std::set<uint64_t>> by = callers(search, all);
    std::erase_if(candidates, [&](uint64_t candidate) {
      const auto calls = by.find(candidate);
      if (calls == by.end()) return true;
      return std::none_of(by.begin(), by.end(), [&](const auto& entry) {
        return (entry.first == gcm.enc || entry.first == gcm.dec) &&
               std::any_of(entry.second.begin(), entry.second.end(),
                           [&](uint64_t caller) { return calls->second.contains(caller); });
      });
    });
  }
  if (candidates.size() == 1) return candidates.front();
  return fail(fmt::format("{} functions fit aes_hw_ctr32_encrypt_blocks", candidates.size()));
}

Result<TlsTarget> locate_copy(Search& search, uint64_t constants) {
  const Result<GcmPair> gcm = find_gcm(search, constants);
  if (!gcm.ok()) return tl::unexpected(gcm.error());
  const Result<uint64_t> ctr32 = choose_ctr32(search, *gcm);
  if (!ctr32.ok()) return tl::unexpected(ctr32.error());
  TlsTarget target{.stack = Stack::kRustls, .flavour = "ring", .located_by = LocatedBy::kPattern};
  target.evidence = "constants of ring's VAES AES-GCM assembly";
  const std::array<std::pair<Wanted, uint64_t>, 3> functions{
      {{kSymbols[0], gcm->enc}, {kSymbols[1], gcm->dec}, {kSymbols[4], *ctr32}}};
  for (const auto& [wanted, entry] : functions) {
    auto site = search.site(wanted.function, {std::string(wanted.name), entry, 0},
                            "refers to the constants, or is called beside those that do");
    if (!site) return fail("a function outside the file");
    target.functions.push_back(std::move(*site));
  }
  return target;
}

}  // namespace

void locate_ring(Search& search, LocateReport& report) {
  if (search.image().machine() != Machine::kAmd64 || by_symbol(search, report)) return;
  // BoringSSL has this file too; there its SSL functions are the better place.
  const bool has_boringssl =
      std::any_of(report.targets.begin(), report.targets.end(),
                  [](const TlsTarget& target) { return target.stack == Stack::kBoringSsl; });
  if (has_boringssl || !search.literal(anchor::kBoringSslFile).empty()) return;
  for (const uint64_t constants : search.literal(anchor::kVaesGcm)) {
    Result<TlsTarget> target = locate_copy(search, constants);
    if (target.ok()) {
      report.targets.push_back(std::move(*target));
    } else {
      report.refusals.push_back(
          {Stack::kRustls, fmt::format("unsupported build of ring: {}", target.error().message)});
    }
  }
}

}  // namespace sonde::attach
