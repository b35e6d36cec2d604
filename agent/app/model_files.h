// Model files that AI processes have open or mapped, looked into for pickles that run code
// (model_file.unsafe). Files are read, never loaded.
//
// A file that is opened, read and closed between two sweeps is not seen; those that stay open or
// mapped, and loads that take longer, are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/detect/finding.h"
#include "agent/detect/lru_map.h"
#include "agent/detect/pickle.h"

namespace sonde::app {

struct ModelFileReport {
  std::string member;  // of an archive: "archive/data.pkl"; empty: the file itself
  detect::PickleReport pickle;
};

// Does the name say that it may be a model with a pickle inside?
bool is_model_name(std::string_view path);

// The pickles in a file: itself, or the members of a ZIP archive, stored or deflated. Reads at most
// 32 MiB of each. Files of other formats have none.
Result<std::vector<ModelFileReport>> inspect_model_file(const std::filesystem::path& file);

class ModelFileWatch {
 public:
  explicit ModelFileWatch(std::filesystem::path proc = "/proc") : proc_(std::move(proc)) {}

  struct Unsafe {
    uint32_t pid = 0;
    detect::Finding finding;
  };
  // Each unsafe file that the processes have open, once for each version of the file.
  std::vector<Unsafe> sweep(const std::vector<uint32_t>& processes);

 private:
  void look(uint32_t pid, const std::filesystem::path& link, const std::string& name,
            std::vector<Unsafe>& found);

  static constexpr size_t kFilesSeen = 4096;
  const std::filesystem::path proc_;
  detect::LruMap<bool> seen_{kFilesSeen};  // by device, inode, size and time of change
};

}  // namespace sonde::app
