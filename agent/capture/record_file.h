// Recordings: the raw records of a run in a file, behind a signature and a version. What `sonde
// record` writes and `sonde replay` reads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <vector>

#include "agent/base/bytes.h"
#include "agent/base/result.h"

namespace sonde::capture {

class RecordWriter {
 public:
  // Creates the file with mode 0600: it holds plaintext.
  static Result<RecordWriter> create(const std::filesystem::path& path);
  Status write(Bytes record);
  Status finish();

 private:
  explicit RecordWriter(std::ofstream file) : file_(std::move(file)) {}
  std::ofstream file_;
};

class RecordReader {
 public:
  // Fails when the file is no recording, or one of another version.
  static Result<RecordReader> open(const std::filesystem::path& path);
  // The next record, valid until the next call; empty at the end. Fails where the file is cut.
  Result<Bytes> next();

 private:
  RecordReader(std::ifstream file, std::string name)
      : file_(std::move(file)), name_(std::move(name)) {}
  std::ifstream file_;
  std::string name_;
  std::vector<std::byte> record_;
};

}  // namespace sonde::capture
