// Records as JSON lines: to a file that is rotated, or to a stream such as standard output.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "agent/base/counters.h"
#include "agent/sink/file.h"
#include "agent/sink/sink.h"

namespace sonde::sink {

struct FileSinkConfig {
  std::string path;
  uint64_t max_bytes = uint64_t{64} << 20;  // of one file
  size_t files = 5;                         // FILE, FILE.1 (the last before it), ...
  bool alerts_only = true;
};

// Mode 0600. Rotates before a line that would go beyond max_bytes; notices when someone else
// (logrotate) moved the file away.
class FileSink final : public Sink {
 public:
  // Fails where the file cannot be written.
  static Result<std::unique_ptr<FileSink>> create(const FileSinkConfig& config, Counters& counters);

  std::string_view name() const override { return config_.path; }
  Status write(std::span<const Record> records) override;
  void stop(std::chrono::milliseconds grace) override;

 private:
  FileSink(const FileSinkConfig& config, Counters& counters);
  Status open();
  bool is_moved() const;
  Status rotate();
  Status flush(std::string& text, uint64_t& lines);

  const FileSinkConfig config_;
  Counters& counters_;
  std::optional<File> file_;
  uint64_t size_ = 0;
};

// One line for each alert. Does not own the descriptor. SIGPIPE must be ignored by the process.
class StreamSink final : public Sink {
 public:
  StreamSink(std::string name, int descriptor, bool alerts_only, Counters& counters);

  std::string_view name() const override { return name_; }
  Status write(std::span<const Record> records) override;
  void stop(std::chrono::milliseconds) override {}

 private:
  const std::string name_;
  const int descriptor_;
  const bool alerts_only_;
  Counters& counters_;
};

}  // namespace sonde::sink
