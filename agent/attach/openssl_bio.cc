// OpenSSL's SSL BIO: BIO_read and BIO_write on it reach the library's internals without SSL_read or
// SSL_write. Its functions are static; BIO_f_ssl() returns the table that names them, whose layout
// (struct bio_method_st) is that of OpenSSL 1.1.1 and 3. LibreSSL's and BoringSSL's tables are
// others, and their functions call SSL_read and SSL_write.
#include <algorithm>
#include <array>

#include "agent/attach/method_table.h"
#include "agent/attach/search.h"

namespace sonde::attach {
namespace {

constexpr int32_t kBioTypeSsl = 0x207;  // BIO_TYPE_SSL of openssl/bio.h
constexpr uint64_t kWrite = 16;         // int (*)(BIO*, const char*, size_t, size_t* written)
constexpr uint64_t kOldWrite = 24;      // null here
constexpr uint64_t kRead = 32;          // int (*)(BIO*, char*, size_t, size_t* readbytes)
constexpr uint64_t kOldRead = 40;       // null here
constexpr int kFirstInstructions = 4;

// What BIO_f_ssl() returns: lea rax, [rip + d].
std::optional<uint64_t> returned_address(Search& search, uint64_t entry) {
  for (int i = 0; i < kFirstInstructions; ++i) {
    const auto instruction = search.disassembler().decode(entry);
    if (!instruction || instruction->flow != Flow::kNext) return std::nullopt;
    const cs_insn* detail = search.disassembler().detail();
    if (detail != nullptr && detail->id == X86_INS_LEA) {
      const cs_x86_op& from = detail->detail->x86.operands[1];
      if (from.mem.base != X86_REG_RIP) return std::nullopt;
      return instruction->next() + static_cast<uint64_t>(from.mem.disp);
    }
    entry = instruction->next();
  }
  return std::nullopt;
}

// Whether the function calls one that is probed already.
bool calls_any(Search& search, uint64_t entry, const std::vector<FunctionSite>& probed) {
  const Returns code = search.returns().find(entry, 0);
  return std::any_of(code.instructions.begin(), code.instructions.end(), [&](uint64_t address) {
    const auto instruction = search.disassembler().decode(address);
    return instruction && std::any_of(probed.begin(), probed.end(), [&](const FunctionSite& site) {
             return site.address == instruction->target;
           });
  });
}

}  // namespace

void add_bio_functions(Search& search, std::vector<FunctionSite>& functions) {
  const NamedFunction* getter = search.symbol("BIO_f_ssl");
  if (getter == nullptr || search.image().machine() != Machine::kAmd64) return;
  const auto table = returned_address(search, getter->address);
  if (!table || search.image().integer<int32_t>(*table) != kBioTypeSsl) return;
  const std::map<uint64_t, uint64_t> pointers = relative_pointers(search.image());
  if (pointers.contains(*table + kOldWrite) || pointers.contains(*table + kOldRead)) return;
  const auto write = pointers.find(*table + kWrite);
  const auto read = pointers.find(*table + kRead);
  if (write == pointers.end() || read == pointers.end() ||
      calls_any(search, write->second, functions) || calls_any(search, read->second, functions)) {
    return;
  }
  const std::array<std::tuple<Function, std::string, uint64_t>, 2> found{
      {{Function::kSslReadEx, "ssl_read of BIO_f_ssl", read->second},
       {Function::kSslWriteEx, "ssl_write of BIO_f_ssl", write->second}}};
  for (const auto& [function, name, entry] : found) {
    if (auto site = search.site(function, {name, entry, 0}, "its place in the BIO's methods")) {
      functions.push_back(std::move(*site));
    }
  }
}

}  // namespace sonde::attach
