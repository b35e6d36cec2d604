// What the locators share while one file is searched: the image, its disassembler, its function
// boundaries, and results of passes over the whole file, each made once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/attach/anchors.h"
#include "agent/attach/disassembler.h"
#include "agent/attach/elf_image.h"
#include "agent/attach/literal_scan.h"
#include "agent/attach/locator.h"
#include "agent/attach/reference_scan.h"
#include "agent/attach/return_finder.h"
#include "agent/attach/unwind_index.h"

namespace sonde::attach {

struct NamedFunction {
  std::string name;
  uint64_t address = 0;
  uint64_t size = 0;
};

// Not thread-safe; borrows the image.
class Search {
 public:
  explicit Search(const ElfImage& image)
      : image_(image), disassembler_(image), unwind_(image), returns_(disassembler_, unwind_) {}

  const ElfImage& image() const { return image_; }
  Disassembler& disassembler() { return disassembler_; }
  const UnwindIndex& unwind() const { return unwind_; }
  ReturnFinder& returns() { return returns_; }

  // Symbols whose name begins as a TLS function's may, sorted by name, each once.
  const std::vector<NamedFunction>& symbols();
  const NamedFunction* symbol(std::string_view name);

  // Where the literal stands in read-only data. All locators' literals are searched in one pass.
  std::vector<uint64_t> literal(std::string_view text);

  // References to data in this range, which must be around an anchor: to its string, or behind the
  // start of its constants. All anchors' references are searched in one pass.
  std::vector<Reference> references_to_anchor(Range range);

  // A site with its returns where the function needs them. nullopt: the address is not in the file.
  std::optional<FunctionSite> site(Function function, const NamedFunction& found,
                                   std::string evidence);

 private:
  const ElfImage& image_;
  Disassembler disassembler_;
  UnwindIndex unwind_;
  ReturnFinder returns_;
  std::optional<std::vector<NamedFunction>> symbols_;
  std::optional<std::vector<LiteralHit>> literals_;
  std::optional<std::vector<Reference>> anchor_references_;
};

// Adds what it finds to `report`: targets, and refusals with their reasons.
using Locator = void (*)(Search& search, LocateReport& report);

void locate_by_symbol(Search& search, LocateReport& report);
void locate_boringssl(Search& search, LocateReport& report);
void locate_openssl(Search& search, LocateReport& report);
void locate_go(Search& search, LocateReport& report);
void locate_nss(Search& search, LocateReport& report);
void locate_aws_lc(Search& search, LocateReport& report);
void locate_ring(Search& search, LocateReport& report);

// The read and write functions of OpenSSL's SSL BIO, where `functions` do not hear their calls.
void add_bio_functions(Search& search, std::vector<FunctionSite>& functions);

// True if the report already offers a function at this address.
bool is_reported(const LocateReport& report, uint64_t address);

// A stub that only jumps to another listed function is dropped: the other's probes hear its calls.
void drop_stubs(std::vector<FunctionSite>& functions, Search& search);

}  // namespace sonde::attach
