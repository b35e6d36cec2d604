#include "agent/capture/record_file.h"

#include <cstring>

#include <gtest/gtest.h>

#include "sonde/abi.h"

namespace sonde::capture {
namespace {

class RecordFileTest : public testing::Test {
 protected:
  std::filesystem::path path_ =
      std::filesystem::path(testing::TempDir()) /
      (std::string("sonde_") + testing::UnitTest::GetInstance()->current_test_info()->name());
  void TearDown() override { std::filesystem::remove(path_); }

  static std::vector<std::byte> record(uint64_t time) {
    sonde_exit_record value{{SONDE_RECORD_EXIT, SONDE_ABI_VERSION, sizeof(value), time, 1, 1}};
    std::vector<std::byte> bytes(sizeof(value));
    std::memcpy(bytes.data(), &value, sizeof(value));
    return bytes;
  }
};

TEST_F(RecordFileTest, WhatWasWrittenIsReadInOrder) {
  auto writer = RecordWriter::create(path_);
  ASSERT_TRUE(writer.ok());
  for (uint64_t time = 1; time <= 3; ++time) ASSERT_TRUE(writer->write(record(time)).ok());
  ASSERT_TRUE(writer->finish().ok());
  auto reader = RecordReader::open(path_);
  ASSERT_TRUE(reader.ok());
  for (uint64_t time = 1; time <= 3; ++time) {
    const auto next = reader->next();
    ASSERT_TRUE(next.ok());
    const auto expected = record(time);
    EXPECT_EQ(as_text(*next), as_text(expected));
  }
  EXPECT_TRUE(reader->next()->empty());
}

TEST_F(RecordFileTest, ACutRecordingSaysSo) {
  auto writer = RecordWriter::create(path_);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(writer->write(record(1)).ok());
  ASSERT_TRUE(writer->finish().ok());
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 3);
  auto reader = RecordReader::open(path_);
  ASSERT_TRUE(reader.ok());
  EXPECT_FALSE(reader->next().ok());
}

TEST_F(RecordFileTest, AnotherFileIsNoRecording) {
  std::ofstream(path_) << "#!/bin/sh\necho hello\n";
  const auto reader = RecordReader::open(path_);
  ASSERT_FALSE(reader.ok());
  EXPECT_NE(reader.error().message.find("is not a recording"), std::string::npos);
}

TEST_F(RecordFileTest, ARecordingIsReadableByItsOwnerOnly) {
  ASSERT_TRUE(RecordWriter::create(path_).ok());
  EXPECT_EQ(std::filesystem::status(path_).permissions() & std::filesystem::perms::mask,
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace
}  // namespace sonde::capture
