// NSS's libssl: the functions in its NSPR layer's method table.
//
// NSPR's PR_Read, PR_Write, PR_Recv and PR_Send only jump through PRFileDesc::methods (prio.h), so
// the place to listen is what libssl puts there. The table is a constant PRIOMethods (relocated
// pointers behind PR_DESC_LAYERED), or code fills it in at first use. Nothing but the structure of
// prio.h, an ABI, is relied on.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "agent/attach/method_table.h"
#include "agent/attach/search.h"

namespace sonde::attach {
namespace {

constexpr uint64_t kDescLayered = 4;  // PR_DESC_LAYERED
// Fields of PRIOMethods, counted in pointers from file_type.
enum Field : size_t { kClose = 1, kRead = 2, kWrite = 3, kRecv = 17, kSend = 18, kPoll = 21 };

using Methods = std::array<uint64_t, kPoll + 1>;

struct Wanted {
  Field field;
  Function function;
  std::string_view name;  // in ssl/sslsock.c
};
constexpr auto kWanted = std::to_array<Wanted>({
    {kRead, Function::kNssRead, "ssl_Read"},
    {kWrite, Function::kNssWrite, "ssl_Write"},
    {kRecv, Function::kNssRecv, "ssl_Recv"},
    {kSend, Function::kNssSend, "ssl_Send"},
    {kClose, Function::kNssClose, "ssl_Close"},
});

// All from close to poll are pointers to code, those of interest to different functions.
bool is_method_table(const Search& search, const Methods& methods) {
  const ElfImage& image = search.image();
  if (!std::all_of(methods.begin() + kClose, methods.end(),
                   [&image](uint64_t method) { return image.is_code(method); })) {
    return false;
  }
  std::array<uint64_t, kWanted.size()> entries{};
  for (size_t i = 0; i < kWanted.size(); ++i) {
    entries[i] = methods[kWanted[i].field];
    const auto range = search.unwind().function_at(entries[i]);
    if (range && range->begin != entries[i]) return false;
  }
  std::sort(entries.begin(), entries.end());
  return std::adjacent_find(entries.begin(), entries.end()) == entries.end();
}

// The constant table: PR_DESC_LAYERED, then pointers with a relocation each.
std::vector<Methods> constant_tables(Search& search) {
  const std::map<uint64_t, uint64_t> pointers = relative_pointers(search.image());
  std::vector<Methods> found;
  for (const auto& [place, pointer] : pointers) {
    const uint64_t table = place - 8;  // if `place` is the close method's
    if (pointers.contains(table) || search.image().integer<uint32_t>(table) != kDescLayered) {
      continue;
    }
    Methods methods{};
    for (size_t i = kClose; i < methods.size(); ++i) {
      const auto method = pointers.find(table + i * 8);
      if (method != pointers.end()) methods[i] = method->second;
    }
    if (is_method_table(search, methods)) found.push_back(methods);
  }
  return found;
}

// Places of "mov dword [rip+d], 4": where code sets file_type.
std::vector<uint64_t> layered_stores(const ElfImage& image) {
  std::vector<uint64_t> places;
  for (const Segment& segment : image.segments()) {
    if (!segment.executable) continue;
    image.scan(segment.offset, segment.size, 16, [&](Bytes chunk, uint64_t offset) {
      const std::string_view text = as_text(chunk);
      for (size_t at = text.find("\xc7\x05");
           at != std::string_view::npos && at + 10 <= text.size();
           at = text.find("\xc7\x05", at + 1)) {
        if (text.substr(at + 6, 4) == std::string_view("\4\0\0\0", 4) &&
            places.size() < image.limits().candidates) {
          places.push_back(segment.address + (offset - segment.offset) + at);
        }
      }
    });
  }
  return places;
}

// The table that code fills in: a function of libssl that stores PR_DESC_LAYERED and the methods.
std::vector<Methods> filled_tables(Search& search) {
  std::vector<Methods> found;
  if (search.image().machine() != Machine::kAmd64) return found;
  for (const uint64_t store : layered_stores(search.image())) {
    const auto function = search.unwind().function_at(store);
    const auto distance = search.image().integer<int32_t>(store + 2);
    if (!function || !distance) continue;
    const uint64_t table = store + 10 + static_cast<uint64_t>(int64_t{*distance});
    const Returns code = search.returns().find(function->begin, function->size());
    const std::map<uint64_t, uint64_t> stored =
        stored_words(search.disassembler(), code.instructions);
    Methods methods{};
    for (size_t i = kClose; i < methods.size(); ++i) {
      const auto method = stored.find(table + i * 8);
      if (method != stored.end()) methods[i] = method->second;
    }
    if (is_method_table(search, methods)) found.push_back(methods);
  }
  return found;
}

}  // namespace

void locate_nss(Search& search, LocateReport& report) {
  if (search.symbol("SSL_ImportFD") == nullptr || search.symbol("SSL_AuthCertificate") == nullptr) {
    return;  // the API of NSS's libssl, under whatever file name
  }
  std::vector<Methods> tables = constant_tables(search);
  std::string evidence = "the constant PRIOMethods table of libssl";
  if (tables.empty()) {
    tables = filled_tables(search);
    evidence = "the PRIOMethods table that libssl fills in";
  }
  std::sort(tables.begin(), tables.end());
  tables.erase(std::unique(tables.begin(), tables.end()), tables.end());
  if (tables.size() != 1) {
    report.refusals.push_back(
        {Stack::kNss, fmt::format("unsupported build: {} method tables", tables.size())});
    return;
  }
  TlsTarget target{.stack = Stack::kNss, .located_by = LocatedBy::kXref, .evidence = evidence};
  for (const Wanted& wanted : kWanted) {
    if (auto site = search.site(wanted.function,
                                {std::string(wanted.name), tables.front()[wanted.field], 0},
                                "its place in PRIOMethods")) {
      target.functions.push_back(std::move(*site));
    }
  }
  report.targets.push_back(std::move(target));
}

}  // namespace sonde::attach
