// Stripped static OpenSSL, by the names and codes its error calls leave behind.
//
// OpenSSL 3: ERR_set_debug(file, line, __func__) leaves the function's own name as a string.
// OpenSSL 1.1.1: ERR_put_error(lib, function code, reason, file, line) leaves codes beside a
// reference to "ssl/ssl_lib.c". Either way SSL_read and SSL_write raise BAD_LENGTH, and
// ssl_read_internal and ssl_write_internal raise UNINITIALIZED; the _ex variants raise nothing of
// their own and are the other callers of the internal ones (or hold them inlined).
#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <openssl/sslerr.h>

#include "agent/attach/error_sites.h"
#include "agent/attach/search.h"
#include "agent/attach/version_text.h"

namespace sonde::attach {
namespace {

// SSL_F_* of OpenSSL 1.1.1 (sslerr.h); OpenSSL 3 defines them all as 0.
struct FunctionCodes {
  uint32_t outer;
  uint32_t inner;
};
constexpr FunctionCodes kReadCodes{223, 523};   // SSL_F_SSL_READ, SSL_F_SSL_READ_INTERNAL
constexpr FunctionCodes kWriteCodes{208, 524};  // SSL_F_SSL_WRITE, SSL_F_SSL_WRITE_INTERNAL

struct Direction {
  std::string_view outer_name;
  std::string_view inner_name;
  FunctionCodes codes;
  Function function;
  Function function_ex;
};
constexpr Direction kRead{anchor::kSslRead, anchor::kSslReadInternal, kReadCodes,
                          Function::kSslRead, Function::kSslReadEx};
constexpr Direction kWrite{anchor::kSslWrite, anchor::kSslWriteInternal, kWriteCodes,
                           Function::kSslWrite, Function::kSslWriteEx};

std::string_view name_of(std::string_view text) { return text.substr(0, text.size() - 1); }

class OpenSslCopy {
 public:
  OpenSslCopy(Search& search, std::vector<Reference> references)
      : search_(search),
        references_(std::move(references)),
        owners_(search, instructions(references_)) {
    std::vector<uint64_t> file_sites;
    for (const uint64_t file : search.literal(anchor::kOpenSslFile)) {
      for (const Reference& reference : references_) {
        if (is_path_start(file, reference.target)) file_sites.push_back(reference.instruction);
      }
    }
    raisers_ = group_by_function(search, owners_, file_sites);
  }

  bool empty() const { return raisers_.empty(); }

  // SSL_read or SSL_write itself.
  Result<uint64_t> outer(const Direction& direction) {
    return only(raising(direction.outer_name, direction.codes.outer, SSL_R_BAD_LENGTH),
                name_of(direction.outer_name));
  }

  // The _ex variant: of those that call or hold the internal function, the one that does nothing
  // else. Since 3.2 ssl_write_internal takes flags as its fourth argument, which SSL_write and
  // SSL_write_ex pass as 0; since 3.3 SSL_write_ex2 stands between and hands its own on.
  Result<uint64_t> extended(const Direction& direction, uint64_t outer, bool knows_no_flags) {
    const std::vector<uint64_t> holders =
        raising(direction.inner_name, direction.codes.inner, SSL_R_UNINITIALIZED);
    std::vector<uint64_t> found;
    std::vector<uint64_t> inner;
    for (const uint64_t holder : holders) {
      if (called_from(outer, holder)) {
        inner.push_back(holder);
      } else if (knows_no_flags && holder != outer && raises_only(holder, direction) &&
                 calls_no_more(holder, outer) && !loads_minus_one(holder)) {
        // The internal function was inlined: it stands by itself too, but answers -1 on an error,
        // where the _ex variant answers 0.
        found.push_back(holder);
      }
    }
    const bool flags = direction.function == Function::kSslWrite && passes_zero(outer, inner);
    for (int level = 0; level < (flags ? 2 : 1); ++level) {
      for (const uint64_t caller : bare_callers(inner)) {
        if (caller == outer || std::find(inner.begin(), inner.end(), caller) != inner.end()) {
          continue;
        }
        if (!flags || passes_zero(caller, inner)) found.push_back(caller);
        inner.push_back(caller);
      }
    }
    return only(std::move(found), fmt::format("{}_ex", name_of(direction.outer_name)));
  }

 private:
  static std::vector<uint64_t> instructions(const std::vector<Reference>& references) {
    std::vector<uint64_t> all;
    all.reserve(references.size());
    for (const Reference& reference : references) all.push_back(reference.instruction);
    return all;
  }

  bool is_path_start(uint64_t file, uint64_t target) const {
    if (target > file || file - target > 256) return false;
    const auto text = search_.image().string_at(target, 512);
    return text && target + text->size() == file + anchor::kOpenSslFile.size() - 1;
  }

  static Result<uint64_t> only(std::vector<uint64_t> found, std::string_view name) {
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    if (found.size() == 1) return found.front();
    return fail(fmt::format("{} functions fit {}", found.size(), name));
  }

  std::vector<uint64_t> sites_of_name(std::string_view name) const {
    const std::vector<uint64_t> texts = search_.literal(name);
    std::vector<uint64_t> sites;
    for (const Reference& reference : references_) {
      if (std::find(texts.begin(), texts.end(), reference.target) != texts.end()) {
        sites.push_back(reference.instruction);
      }
    }
    return sites;
  }

  // Functions that raise `reason` in ssl_lib.c under this name (3.x) or this code (1.1.1).
  std::vector<uint64_t> raising(std::string_view name, uint32_t code, uint32_t reason) {
    std::vector<uint64_t> found;
    for (const ErrorFunction& named : group_by_function(search_, owners_, sites_of_name(name))) {
      if (named.raises({reason}) && raiser(named.entry) != nullptr) found.push_back(named.entry);
    }
    if (!found.empty()) return found;
    for (const ErrorFunction& function : raisers_) {
      if (function.raises({code, reason})) found.push_back(function.entry);
    }
    return found;
  }

  const ErrorFunction* raiser(uint64_t entry) const {
    const auto found =
        std::find_if(raisers_.begin(), raisers_.end(),
                     [entry](const ErrorFunction& function) { return function.entry == entry; });
    return found == raisers_.end() ? nullptr : &*found;
  }

  // Every error it raises is the internal function's.
  bool raises_only(uint64_t entry, const Direction& direction) {
    const ErrorFunction* function = raiser(entry);
    if (function == nullptr) return true;
    const std::vector<uint64_t>& code = owners_.code(entry).instructions;
    const std::vector<uint64_t> named = sites_of_name(direction.inner_name);
    const auto inner = std::count_if(named.begin(), named.end(), [&code](uint64_t site) {
      return std::binary_search(code.begin(), code.end(), site);
    });
    if (!named.empty()) return static_cast<size_t>(inner) == function->sites.size();
    return function->raises({direction.codes.inner});
  }

  // Functions whose only calls and tail jumps go to one of these.
  std::vector<uint64_t> bare_callers(const std::vector<uint64_t>& callees) {
    std::vector<Range> wanted;
    wanted.reserve(callees.size());
    for (const uint64_t callee : callees) wanted.push_back({callee, callee + 1});
    std::vector<uint64_t> calls;
    for (const Reference& reference : find_references(search_.image(), wanted, kCodeReferences)) {
      if (reference.kind != ReferenceKind::kAddress) calls.push_back(reference.instruction);
    }
    OwnerFinder callers(search_, calls);
    std::vector<uint64_t> found;
    for (const uint64_t call : calls) {
      const auto caller = callers.owner(call);
      if (caller && is_bare(*caller, callees)) found.push_back(*caller);
    }
    return found;
  }

  bool is_bare(uint64_t entry, const std::vector<uint64_t>& callees) {
    const std::vector<uint64_t>& code = owners_.code(entry).instructions;
    return std::all_of(code.begin(), code.end(), [&](uint64_t address) {
      const auto instruction = search_.disassembler().decode(address);
      if (!instruction) return false;
      if (instruction->flow == Flow::kIndirectJump) return false;
      const bool leaves = instruction->flow == Flow::kCall ||
                          (instruction->flow == Flow::kJump &&
                           !std::binary_search(code.begin(), code.end(), instruction->target));
      return !leaves ||
             std::find(callees.begin(), callees.end(), instruction->target) != callees.end();
    });
  }

  bool loads_minus_one(uint64_t entry) {
    const std::vector<uint64_t>& code = owners_.code(entry).instructions;
    return std::any_of(code.begin(), code.end(), [&](uint64_t address) {
      if (search_.image().machine() == Machine::kArm64) {
        const auto word = search_.image().integer<uint32_t>(address);
        return word && (*word & 0xffffffe0) == 0x12800000;  // MOVN Wd, #0
      }
      const auto instruction = search_.disassembler().decode(address);
      const cs_insn* detail = search_.disassembler().detail();
      if (!instruction || detail == nullptr) return false;
      const cs_x86& x86 = detail->detail->x86;
      return (detail->id == X86_INS_MOV || detail->id == X86_INS_OR) && x86.op_count == 2 &&
             x86.operands[0].type == X86_OP_REG && x86.operands[1].type == X86_OP_IMM &&
             static_cast<int32_t>(x86.operands[1].imm) == -1;
    });
  }

  bool calls_no_more(uint64_t entry, uint64_t than) {
    const std::set<uint64_t> own = owners_.callees(entry);
    const std::set<uint64_t> others = owners_.callees(than);
    return std::includes(others.begin(), others.end(), own.begin(), own.end());
  }

  // Is the fourth argument 0 at the function's call of, or jump to, one of these? The last write
  // of its register before decides; without one it is the caller's own argument, handed on.
  bool passes_zero(uint64_t entry, const std::vector<uint64_t>& callees) {
    const std::vector<uint64_t>& code = owners_.code(entry).instructions;
    bool zero = false;
    for (const uint64_t address : code) {
      const auto instruction = search_.disassembler().decode(address);
      if (!instruction) continue;
      const bool leaves = instruction->flow == Flow::kCall || instruction->flow == Flow::kJump;
      if (leaves &&
          std::find(callees.begin(), callees.end(), instruction->target) != callees.end()) {
        return zero;
      }
      zero = writes_zero(*instruction).value_or(zero);
    }
    return false;
  }

  // Whether the fourth argument's register (rcx; x3 on arm64) becomes 0; nullopt: it stays.
  std::optional<bool> writes_zero(const Instruction& instruction) {
    if (search_.image().machine() == Machine::kArm64) {
      const auto word = search_.image().integer<uint32_t>(instruction.address);
      if (!word || (*word & 31) != 3) return std::nullopt;
      return *word == 0xd2800003 || *word == 0x52800003 || *word == 0xaa1f03e3;
    }
    const cs_insn* detail = search_.disassembler().detail();
    if (detail == nullptr || detail->detail->x86.op_count == 0) return std::nullopt;
    const auto& operands = detail->detail->x86.operands;
    if (operands[0].type != X86_OP_REG || full_register(operands[0].reg) != X86_REG_RCX ||
        detail->id == X86_INS_CMP || detail->id == X86_INS_TEST || detail->id == X86_INS_PUSH) {
      return std::nullopt;
    }
    return detail->id == X86_INS_XOR && operands[1].type == X86_OP_REG &&
           operands[1].reg == operands[0].reg;
  }

  bool called_from(uint64_t caller, uint64_t callee) {
    return owners_.callees(caller).contains(callee);
  }

  Search& search_;
  std::vector<Reference> references_;
  OwnerFinder owners_;
  std::vector<ErrorFunction> raisers_;
};

std::vector<Reference> references_to_anchors(Search& search) {
  std::vector<Range> ranges;
  for (const std::string_view name :
       {anchor::kSslRead, anchor::kSslWrite, anchor::kSslReadInternal, anchor::kSslWriteInternal}) {
    for (const uint64_t text : search.literal(name)) ranges.push_back({text, text + 1});
  }
  for (const uint64_t file : search.literal(anchor::kOpenSslFile)) {
    ranges.push_back(
        {file - std::min(file, anchor::kReach), file + 1});  // a build path may stand before it
  }
  std::vector<Reference> references;
  for (const Range range : ranges) {
    for (const Reference& reference : search.references_to_anchor(range)) {
      if (reference.kind == ReferenceKind::kAddress) references.push_back(reference);
    }
  }
  std::sort(references.begin(), references.end());
  references.erase(std::unique(references.begin(), references.end()), references.end());
  return references;
}

void add(Search& search, TlsTarget& target, Function function, std::string name, uint64_t entry,
         std::string evidence) {
  if (auto site = search.site(function, {std::move(name), entry, 0}, std::move(evidence))) {
    target.functions.push_back(std::move(*site));
  }
}

// True where the file itself says that it is older than SSL_write_ex2.
bool before_flags(const TlsTarget& target) {
  constexpr auto kOlder =
      std::to_array<std::string_view>({"OpenSSL 1.1.1", "OpenSSL 3.0.", "OpenSSL 3.1."});
  return std::any_of(kOlder.begin(), kOlder.end(), [&target](std::string_view version) {
    return target.version.starts_with(version);
  });
}

// The symbols name the only copy there is, in both directions: then there is nothing left to find,
// and the first call of a library never seen is not waited for.
bool named_by_symbols(Search& search, const LocateReport& report) {
  if (search.literal(anchor::kOpenSslFile).size() != 1) return false;
  return std::any_of(report.targets.begin(), report.targets.end(), [](const TlsTarget& target) {
    const auto heard = [&target](Function function) {
      return std::any_of(target.functions.begin(), target.functions.end(),
                         [function](const FunctionSite& site) {
                           return site.function == function && !site.returns.empty();
                         });
    };
    return target.stack == Stack::kOpenSsl && heard(Function::kSslRead) &&
           heard(Function::kSslWrite);
  });
}

}  // namespace

void locate_openssl(Search& search, LocateReport& report) {
  if (search.literal(anchor::kOpenSslFile).empty() || named_by_symbols(search, report)) return;
  OpenSslCopy copy(search, references_to_anchors(search));
  if (copy.empty()) return;  // the text alone is no OpenSSL
  TlsTarget target{.stack = Stack::kOpenSsl, .located_by = LocatedBy::kXref};
  target.evidence = "error calls of ssl_lib.c";
  target.version = openssl_version(search);
  for (const Direction& direction : {kRead, kWrite}) {
    const Result<uint64_t> outer = copy.outer(direction);
    if (!outer.ok()) {
      report.refusals.push_back(
          {Stack::kOpenSsl, fmt::format("unsupported build: {}", outer.error().message)});
      return;
    }
    if (is_reported(report, *outer)) return;
    const std::string name(name_of(direction.outer_name));
    add(search, target, direction.function, name, *outer, "raises its own BAD_LENGTH");
    const bool knows_no_flags = direction.function == Function::kSslRead || before_flags(target);
    const Result<uint64_t> extended = copy.extended(direction, *outer, knows_no_flags);
    if (extended.ok()) {
      add(search, target, direction.function_ex, name + "_ex", *extended,
          "calls or holds the internal function and raises nothing else");
    } else {
      target.evidence += fmt::format("; not heard: {}", extended.error().message);
    }
  }
  report.targets.push_back(std::move(target));
}

}  // namespace sonde::attach
