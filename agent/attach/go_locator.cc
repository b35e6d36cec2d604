// Go's crypto/tls, by symbol table or gopclntab.
//
// Supported from the release that passes arguments in registers (ABIInternal): 1.17 on amd64, 1.18
// on arm64. RETs come from the function's whole extent: Go moves stacks, so a uretprobe would crash
// the program.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "agent/attach/go_pclntab.h"
#include "agent/attach/search.h"

namespace sonde::attach {
namespace {

struct Wanted {
  std::string_view name;
  Function function;
};
constexpr auto kWanted = std::to_array<Wanted>({
    {"crypto/tls.(*Conn).Read", Function::kGoRead},
    {"crypto/tls.(*Conn).Write", Function::kGoWrite},
    {"crypto/tls.(*Conn).Close", Function::kGoClose},
});

// Minor release of "go1.23.2", "go1.22rc1", "devel go1.25-abc"; nullopt where there is none.
std::optional<unsigned> minor_release(std::string_view version) {
  const size_t at = version.find("go1.");
  if (at == std::string_view::npos) return std::nullopt;
  unsigned minor = 0;
  size_t digits = 0;
  for (const char c : version.substr(at + 4, 4)) {
    if (c < '0' || c > '9') break;
    minor = minor * 10 + static_cast<unsigned>(c - '0');
    ++digits;
  }
  return digits > 0 ? std::optional(minor) : std::nullopt;
}

// Every Go function that may grow its stack begins by comparing SP with g.stackguard0: a proof that
// the table's addresses fit the code. amd64: cmp [r14+16]; arm64: ldr x16, [x28, #16].
bool checks_stack(const ElfImage& image, uint64_t entry) {
  if (image.machine() == Machine::kArm64) {
    const auto word = image.integer<uint32_t>(entry);
    return word == 0xf9400b90;
  }
  std::array<std::byte, 32> code{};
  image.read(entry, code);
  return as_text(Bytes(code)).find("\x66\x10") != std::string_view::npos;
}

std::map<std::string, GoFunction> by_symbol(Search& search) {
  std::map<std::string, GoFunction> found;
  for (const Wanted& wanted : kWanted) {
    const NamedFunction* symbol = search.symbol(wanted.name);
    if (symbol != nullptr) found[symbol->name] = {symbol->address, symbol->size};
  }
  return found;
}

std::map<std::string, GoFunction> by_pclntab(const GoPclntab& table) {
  std::array<std::string_view, kWanted.size()> names;
  std::transform(kWanted.begin(), kWanted.end(), names.begin(),
                 [](const Wanted& wanted) { return wanted.name; });
  return table.functions(names);
}

// Why the calling convention is not the one the probes read; empty if it is.
std::string convention_refused(const ElfImage& image, const std::string& version) {
  const unsigned first = image.machine() == Machine::kAmd64 ? 17 : 18;
  const auto minor = minor_release(version);
  if (minor && *minor < first) {
    return fmt::format("{}: arguments on the stack, supported from go1.{}", version, first);
  }
  return {};
}

}  // namespace

void locate_go(Search& search, LocateReport& report) {
  const ElfImage& image = search.image();
  std::map<std::string, GoFunction> found = by_symbol(search);
  LocatedBy located_by = LocatedBy::kSymbol;
  if (found.empty()) {
    const auto table = GoPclntab::find(image);
    if (!table) return;
    found = by_pclntab(*table);
    located_by = LocatedBy::kGopclntab;
  }
  if (!found.contains(std::string(kWanted[0].name)) ||
      !found.contains(std::string(kWanted[1].name))) {
    return;  // a Go program without crypto/tls, or with one whose Conn is never used
  }
  const std::string version = go_version(image);
  if (std::string reason = convention_refused(image, version); !reason.empty()) {
    report.refusals.push_back({Stack::kGo, std::move(reason)});
    return;
  }
  TlsTarget target{.stack = Stack::kGo, .version = version, .located_by = located_by};
  target.evidence =
      located_by == LocatedBy::kSymbol ? "symbols crypto/tls.(*Conn)" : "names in gopclntab";
  for (const Wanted& wanted : kWanted) {
    const auto function = found.find(std::string(wanted.name));
    if (function == found.end()) continue;
    const GoFunction& code = function->second;
    if (!checks_stack(image, code.address)) {
      report.refusals.push_back(
          {Stack::kGo, fmt::format("{} does not begin as a Go function", wanted.name)});
      return;
    }
    if (auto site = search.site(wanted.function, {function->first, code.address, code.size},
                                "begins with Go's stack check")) {
      target.functions.push_back(std::move(*site));
    }
  }
  report.targets.push_back(std::move(target));
}

}  // namespace sonde::attach
