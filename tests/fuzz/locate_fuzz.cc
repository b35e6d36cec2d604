// Every locator over one hostile file. The first four bytes may be anything: the ELF magic is put
// there, so that no run is spent on finding it.
#include <cstdint>
#include <cstring>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#include "agent/attach/elf_image.h"
#include "agent/attach/locate_json.h"
#include "agent/attach/locator.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sonde::attach;
  if (size < 64 || size > (size_t{1} << 20)) return 0;
  std::vector<uint8_t> file(data, data + size);
  std::memcpy(file.data(),
              "\x7f"
              "ELF\2\1",
              6);
  const int descriptor = ::memfd_create("fuzz", MFD_CLOEXEC);
  if (descriptor < 0) return 0;
  if (::write(descriptor, file.data(), file.size()) != static_cast<ssize_t>(file.size())) {
    ::close(descriptor);
    return 0;
  }
  LocateLimits limits;
  limits.references = 1024;
  limits.symbols = 4096;
  limits.table_bytes = 1 << 20;
  limits.instructions_per_function = 2000;
  limits.instructions = 50'000;
  const auto image = ElfImage::from_descriptor(descriptor, "fuzz", limits);
  if (!image.ok()) return 0;
  const LocateReport report = locate(*image);
  to_json("fuzz", report);
  to_text("fuzz", report);
  return 0;
}
