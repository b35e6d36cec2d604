// rustls over ring: its assembly, x86-64. Rust functions have no stable ABI; these have one.
//
// Only in files that say what rustls says. Each function by its first instructions (assembly is the
// same in every build) and by the constants it loads, of which every copy is known:
//   AES-GCM      aesni_gcm_{encrypt,decrypt}: compare the length with their smallest, then load the
//                address of the constants. Where the hash of the additional data is found (Xi)
//                shows in decrypt: at its sixth argument before ring 0.17, at its seventh since.
//   with VAES    aes_gcm_{enc,dec}_update_vaes_avx2: the functions that refer to the first of the
//                constants and to the counter's, in the order of the one assembler file. Records
//                under 16 bytes, of which they see nothing, go through aes_hw_ctr32_encrypt_blocks.
//   ChaCha20     chacha20_poly1305_{seal,open}*: save all registers, then load the length.
// OpenSSL, BoringSSL and aws-lc have these files too: beside one of them nothing is claimed.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

#include "agent/attach/literal_scan.h"
#include "agent/attach/search.h"

namespace sonde::attach {
namespace {

using namespace std::string_view_literals;

// cmp rdx, 0x60; jb near
constexpr std::string_view kDecryptCompare = "\x48\x83\xfa\x60\x0f\x82"sv;
// cmp rdx, 288; jb near
constexpr std::string_view kEncryptCompare = "\x48\x81\xfa\x20\x01\x00\x00\x0f\x82"sv;
// movups xmm2, [r8]; movups xmm3, [rdi]
constexpr std::string_view kCounterLoads = "\x41\x0f\x10\x10\x0f\x10\x1f"sv;
// push rbp, rbx, r12 to r15, r9; sub rsp, 320; lea rbp, [rsp + 32]; and rbp, -32
#define SONDE_CHACHA_PROLOGUE                        \
  "\x55\x53\x41\x54\x41\x55\x41\x56\x41\x57\x41\x51" \
  "\x48\x81\xec\x40\x01\x00\x00\x48\x8d\x6c\x24\x20\x48\x83\xe5\xe0"
// mov rbx, rdx
constexpr std::string_view kChachaOpen = SONDE_CHACHA_PROLOGUE "\x48\x89\xd3"sv;
// mov rbx, [r9 + 56]; add rbx, rdx
constexpr std::string_view kChachaSeal = SONDE_CHACHA_PROLOGUE "\x49\x8b\x59\x38\x48\x01\xd3"sv;
#undef SONDE_CHACHA_PROLOGUE

// How far behind its entry a function has loaded its constants, and Xi.
constexpr size_t kFirstBytes = 320;
constexpr std::string_view kEndbr64 = "\xf3\x0f\x1e\xfa"sv;

// What a pass over the code finds; constants may stand there too (ring 0.16).
struct Found {
  std::vector<uint64_t> decrypt_compares;
  std::vector<uint64_t> encrypt_compares;
  std::vector<uint64_t> counter_loads;
  std::vector<uint64_t> chacha_opens;
  std::vector<uint64_t> chacha_seals;
  std::vector<uint64_t> aes_constants;
  std::vector<uint64_t> chacha_constants;
};

Found find_all(Search& search) {
  const std::array<std::string_view, 7> literals{
      kDecryptCompare, kEncryptCompare,   kCounterLoads,  kChachaOpen,
      kChachaSeal,     anchor::kAesNiGcm, anchor::kChacha};
  std::vector<Segment> code;
  for (const Segment& segment : search.image().segments()) {
    if (segment.executable) code.push_back(segment);
  }
  Found found;
  found.aes_constants = search.literal(anchor::kAesNiGcm);
  found.chacha_constants = search.literal(anchor::kChacha);
  const std::array<std::vector<uint64_t>*, 7> lists{
      &found.decrypt_compares, &found.encrypt_compares, &found.counter_loads,   &found.chacha_opens,
      &found.chacha_seals,     &found.aes_constants,    &found.chacha_constants};
  for (const LiteralHit& hit : find_literals(search.image(), code, literals)) {
    std::vector<uint64_t>& list = *lists[hit.literal];
    // Files with one segment for all have it among both.
    if (std::find(list.begin(), list.end(), hit.address) == list.end()) list.push_back(hit.address);
  }
  return found;
}

class Code {
 public:
  Code(const ElfImage& image, uint64_t address) : address_(address) {
    bytes_.resize(kFirstBytes);
    bytes_.resize(image.read(address, bytes_));
  }

  std::string_view text() const { return as_text(Bytes(bytes_)); }

  // Whether an instruction of these first bytes, with a displacement behind them, refers to one of
  // the targets.
  bool refers(std::string_view opcode, const std::vector<uint64_t>& targets) const {
    for (size_t at = text().find(opcode); at != std::string_view::npos;
         at = text().find(opcode, at + 1)) {
      const size_t field = at + opcode.size();
      if (field + 4 > bytes_.size()) return false;
      int32_t displacement;
      std::memcpy(&displacement, bytes_.data() + field, sizeof displacement);
      const uint64_t target = address_ + field + 4 + static_cast<uint64_t>(int64_t{displacement});
      if (std::find(targets.begin(), targets.end(), target) != targets.end()) return true;
    }
    return false;
  }

 private:
  uint64_t address_;
  std::vector<std::byte> bytes_;
};

// Where the function begins whose code has `at`, with these many bytes and perhaps endbr64 before.
uint64_t entry_before(const ElfImage& image, uint64_t at, uint64_t bytes) {
  std::array<std::byte, kEndbr64.size()> before{};
  const uint64_t start = at - bytes;
  const bool marked = image.read(start - before.size(), before) == before.size() &&
                      as_text(Bytes(before)) == kEndbr64;
  return marked ? start - before.size() : start;
}

// The functions of these compares that clear a register before (3 bytes) and load the constants.
std::vector<uint64_t> gcm_functions(const Search& search, const std::vector<uint64_t>& compares,
                                    const std::vector<uint64_t>& constants) {
  std::vector<uint64_t> entries;
  for (const uint64_t compare : compares) {
    // lea r11, [rip + d]
    if (Code(search.image(), compare).refers("\x4c\x8d\x1d"sv, constants)) {
      entries.push_back(entry_before(search.image(), compare, 3));
    }
  }
  return entries;
}

struct Pair {
  Function seal{};
  Function open{};
  uint64_t seal_entry = 0;
  uint64_t open_entry = 0;
};

Result<Pair> find_aes_ni(const Search& search, const Found& found) {
  const auto seals = gcm_functions(search, found.encrypt_compares, found.aes_constants);
  const auto opens = gcm_functions(search, found.decrypt_compares, found.aes_constants);
  if (seals.size() != 1 || opens.size() != 1) {
    return fail(fmt::format("{} functions fit aesni_gcm_encrypt, {} aesni_gcm_decrypt",
                            seals.size(), opens.size()));
  }
  const Code code(search.image(), opens[0]);
  const size_t by_context = code.text().find("\xc4\x41\x7a\x6f\x01"sv);       // vmovdqu xmm8, [r9]
  const size_t by_argument = code.text().find("\xc4\x41\x7a\x6f\x04\x24"sv);  // ... [r12]
  if ((by_context == std::string_view::npos) == (by_argument == std::string_view::npos)) {
    return fail("aesni_gcm_decrypt takes its arguments in a way that is not known");
  }
  if (by_context != std::string_view::npos) {
    return Pair{Function::kRingGcmContextEnc, Function::kRingGcmContextDec, seals[0], opens[0]};
  }
  return Pair{Function::kRingGcmEnc, Function::kRingGcmDec, seals[0], opens[0]};
}

// Distance from the start of the constants to the counter's.
constexpr uint64_t kCounterPattern = 64;

Result<Pair> find_vaes(Search& search, uint64_t constants) {
  std::map<uint64_t, std::set<uint64_t>> distances;  // function -> distances it refers to
  const Range block{constants, constants + kCounterPattern + 1};
  for (const Reference& reference : search.references_to_anchor(block)) {
    const auto function = search.unwind().function_at(reference.instruction);
    if (function) distances[function->begin].insert(reference.target - constants);
  }
  std::vector<uint64_t> fitting;
  for (const auto& [function, referred] : distances) {
    if (referred.contains(0) && referred.contains(kCounterPattern)) fitting.push_back(function);
  }
  if (fitting.size() != 2) {
    return fail(
        fmt::format("{} functions fit aes_gcm_{{enc,dec}}_update_vaes_avx2", fitting.size()));
  }
  return Pair{Function::kRingGcmEnc, Function::kRingGcmDec, fitting[0], fitting[1]};
}

Result<uint64_t> find_counter_mode(const Search& search, const Found& found) {
  std::vector<uint64_t> entries;
  for (const uint64_t loads : found.counter_loads) {
    // cmp rdx, 1; jne short
    constexpr std::string_view kCompare = "\x48\x83\xfa\x01\x75"sv;
    std::array<std::byte, kCompare.size()> before{};
    if (search.image().read(loads - 6, before) == before.size() &&
        as_text(Bytes(before)) == kCompare) {
      entries.push_back(entry_before(search.image(), loads, 6));
    }
  }
  if (entries.size() == 1) return entries.front();
  return fail(fmt::format("{} functions fit aes_hw_ctr32_encrypt_blocks", entries.size()));
}

std::vector<uint64_t> chacha_functions(const Search& search, const std::vector<uint64_t>& prologues,
                                       const std::vector<uint64_t>& constants) {
  std::vector<uint64_t> entries;
  for (const uint64_t prologue : prologues) {
    const Code code(search.image(), prologue);
    // movdqa xmm0, [rip + d]; vmovdqa ymm0, [rip + d]
    if (code.refers("\x66\x0f\x6f\x05"sv, constants) ||
        code.refers("\xc5\xfd\x6f\x05"sv, constants)) {
      entries.push_back(entry_before(search.image(), prologue, 0));
    }
  }
  return entries;
}

class Collector {
 public:
  explicit Collector(Search& search) : search_(search) {
    target_.stack = Stack::kRustls;
    target_.flavour = "ring";
    target_.located_by = LocatedBy::kPattern;
    target_.evidence = "constants of ring's assembly";
  }

  void add(Function function, std::string name, uint64_t entry) {
    auto site = search_.site(function, {std::move(name), entry, 0},
                             "loads the constants of its assembler file");
    if (site) target_.functions.push_back(std::move(*site));
  }

  TlsTarget& target() { return target_; }

 private:
  Search& search_;
  TlsTarget target_;
};

// Every reason why a part is not heard is said; what was found for certain is kept.
void locate_copies(Search& search, LocateReport& report) {
  const Found found = find_all(search);
  Collector collector(search);
  const auto refuse = [&](const std::string& reason) {
    report.refusals.push_back(
        {Stack::kRustls, fmt::format("unsupported build of ring: {}", reason)});
  };
  if (!found.aes_constants.empty()) {
    if (const auto pair = find_aes_ni(search, found); pair.ok()) {
      collector.add(pair->seal, "aesni_gcm_encrypt", pair->seal_entry);
      collector.add(pair->open, "aesni_gcm_decrypt", pair->open_entry);
    } else {
      refuse(pair.error().message);
    }
  }
  for (const uint64_t constants : search.literal(anchor::kVaesGcm)) {
    const auto pair = find_vaes(search, constants);
    const auto counter = find_counter_mode(search, found);
    if (pair.ok() && counter.ok()) {
      collector.add(pair->seal, "aes_gcm_enc_update_vaes_avx2", pair->seal_entry);
      collector.add(pair->open, "aes_gcm_dec_update_vaes_avx2", pair->open_entry);
      collector.add(Function::kRingCtr32, "aes_hw_ctr32_encrypt_blocks", *counter);
    } else {
      refuse((pair.ok() ? counter.error() : pair.error()).message);
    }
  }
  const auto seals = chacha_functions(search, found.chacha_seals, found.chacha_constants);
  const auto opens = chacha_functions(search, found.chacha_opens, found.chacha_constants);
  if (seals.size() == opens.size()) {
    for (const uint64_t entry : seals)
      collector.add(Function::kRingChachaSeal, "chacha20_poly1305_seal", entry);
    for (const uint64_t entry : opens)
      collector.add(Function::kRingChachaOpen, "chacha20_poly1305_open", entry);
  } else {
    refuse(fmt::format("{} functions fit chacha20_poly1305_seal, {} open", seals.size(),
                       opens.size()));
  }
  if (!collector.target().functions.empty()) {
    report.targets.push_back(std::move(collector.target()));
  }
}

}  // namespace

void locate_ring(Search& search, LocateReport& report) {
  if (search.image().machine() != Machine::kAmd64 || search.literal(anchor::kRustls).empty()) {
    return;
  }
  const bool heard =
      std::any_of(report.targets.begin(), report.targets.end(),
                  [](const TlsTarget& target) { return target.stack == Stack::kRustls; });
  if (heard) return;  // rustls over aws-lc, which brings this assembly too
  for (const std::string_view other :
       {anchor::kBoringSslFile, anchor::kOpenSslFile, anchor::kAwsLcAeadFile}) {
    if (search.literal(other).empty()) continue;
    report.refusals.push_back(
        {Stack::kRustls, "another TLS library in the file has the same assembly as ring"});
    return;
  }
  locate_copies(search, report);
}

}  // namespace sonde::attach
