// Go's function table (runtime/symtab.go, debug/gosym): it survives -ldflags "-s -w", because the
// runtime needs it for stack growth and panics.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/attach/elf_image.h"

namespace sonde::attach {

struct GoFunction {
  uint64_t address = 0;
  uint64_t size = 0;
};

// Borrows the image.
class GoPclntab {
 public:
  // Finds the table by its section, or by its magic in data. nullopt: no Go program, or a layout
  // older than Go 1.16.
  static std::optional<GoPclntab> find(const ElfImage& image);

  // Functions with one of these names.
  std::map<std::string, GoFunction> functions(std::span<const std::string_view> names) const;

 private:
  // Layouts by the Go version that introduced them.
  enum class Layout : uint8_t { k116, k118 };

  explicit GoPclntab(const ElfImage& image) : image_(image) {}
  static std::optional<GoPclntab> at(const ElfImage& image, uint64_t address);
  bool parse(uint64_t address);
  uint64_t text_start_elsewhere() const;
  std::map<uint32_t, std::string> name_offsets(std::span<const std::string_view> names) const;
  std::optional<uint64_t> entry(uint64_t index) const;
  std::optional<uint32_t> name_offset(uint64_t index) const;

  const ElfImage& image_;
  Layout layout_ = Layout::k118;
  uint64_t table_ = 0;  // address of the header
  uint64_t count_ = 0;
  uint64_t text_start_ = 0;
  Range names_;
  uint64_t functions_ = 0;  // address of functab, which function data is relative to
};

// "go1.23.2" from .go.buildinfo (debug/buildinfo); empty where the file does not say.
std::string go_version(const ElfImage& image);

}  // namespace sonde::attach
