// The commands of `sonde`, each a function from its options to an exit code: 0 good, 1 runtime
// failure, 2 usage or configuration error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sonde::app {

inline constexpr int kExitGood = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;

struct TraceOptions {
  bool json = false;
  bool findings = false;
  std::optional<uint32_t> pid;
  std::string exe_glob;
  double duration_seconds = 0;  // 0: until interrupted
};
int run_trace(const TraceOptions& options);

struct RecordOptions {
  std::string output;
  double duration_seconds = 0;
};
int run_record(const RecordOptions& options);

struct ReplayOptions {
  std::string file;
  bool json = false;
  bool findings = false;  // else exchanges
};
int run_replay(const ReplayOptions& options);

int run_scan(const std::string& file, bool json);
int run_locate(const std::string& file, bool json);
int run_doctor(bool json);

// Prints "sonde: <message>" and answers `code`.
int complain(const std::string& message, int code);

}  // namespace sonde::app
