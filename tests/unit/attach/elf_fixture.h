// Paths and helpers of the ELF files the tests build.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#include "agent/attach/elf_image.h"
#include "agent/attach/elf_symbols.h"
#include "agent/attach/locator.h"

namespace sonde::attach {

inline std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(SONDE_ELF_FIXTURES) / name;
}

inline std::vector<std::byte> file_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
  const Bytes bytes = as_bytes({text.data(), text.size()});
  return {bytes.begin(), bytes.end()};
}

// An image over bytes in memory, as a file without a name.
inline Result<ElfImage> image_of(Bytes bytes, const LocateLimits& limits = {}) {
  const int descriptor = ::memfd_create("elf", MFD_CLOEXEC);
  if (descriptor < 0) return fail("memfd_create");
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::write(descriptor, bytes.data() + done, bytes.size() - done);
    if (count <= 0) break;
    done += static_cast<size_t>(count);
  }
  return ElfImage::from_descriptor(descriptor, "bytes", limits);
}

// Every function symbol and its file offset.
inline std::map<std::string, uint64_t> symbol_offsets(const std::filesystem::path& path) {
  std::map<std::string, uint64_t> offsets;
  const Result<ElfImage> image = ElfImage::open(path, {});
  if (!image.ok()) return offsets;
  for_each_function(*image, [&](const FunctionSymbol& symbol) {
    offsets[std::string(symbol.name)] = *image->offset_of(symbol.address);
  });
  return offsets;
}

inline const FunctionSite* find_site(const LocateReport& report, Function function) {
  for (const TlsTarget& target : report.targets) {
    for (const FunctionSite& site : target.functions) {
      if (site.function == function) return &site;
    }
  }
  return nullptr;
}

inline const TlsTarget* find_target(const LocateReport& report, Stack stack) {
  for (const TlsTarget& target : report.targets) {
    if (target.stack == stack) return &target;
  }
  return nullptr;
}

}  // namespace sonde::attach
