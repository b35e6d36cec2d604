#include "agent/attach/elf_image.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/attach/elf_fixture.h"

namespace sonde::attach {
namespace {

std::vector<std::byte> sample() { return file_bytes(fixture("returns_x86_64.so")); }

template <typename Header>
Header header_at(const std::vector<std::byte>& bytes, size_t offset) {
  Header header;
  std::memcpy(&header, bytes.data() + offset, sizeof header);
  return header;
}

template <typename Header>
void put_header(std::vector<std::byte>& bytes, size_t offset, const Header& header) {
  std::memcpy(bytes.data() + offset, &header, sizeof header);
}

TEST(ElfImageTest, ReadsMachineBuildIdAndSections) {
  const Result<ElfImage> image = ElfImage::open(fixture("returns_aarch64.so"), {});
  ASSERT_TRUE(image.ok()) << image.error().message;
  EXPECT_EQ(image->machine(), Machine::kArm64);
  EXPECT_EQ(image->build_id().size(), 40u);
  EXPECT_NE(image->section(".text"), nullptr);
}

TEST(ElfImageTest, AddressesAndOffsetsTranslateBothWays) {
  const Result<ElfImage> image = ElfImage::open(fixture("returns_x86_64.so"), {});
  ASSERT_TRUE(image.ok());
  const Section* text = image->section(".text");
  ASSERT_NE(text, nullptr);
  EXPECT_EQ(image->offset_of(text->address), text->offset);
  EXPECT_EQ(image->address_of(text->offset), text->address);
  EXPECT_TRUE(image->is_code(text->address));
  EXPECT_FALSE(image->offset_of(UINT64_MAX).has_value());
}

TEST(ElfImageTest, AScanOverlapsSoThatNothingIsCut) {
  std::vector<std::byte> bytes = sample();
  bytes.resize(3'000'000, std::byte{0});
  const Result<ElfImage> image = image_of(bytes);
  ASSERT_TRUE(image.ok());
  uint64_t expected_offset = 0;
  uint64_t end = 0;
  image->scan(0, bytes.size(), 64, [&](Bytes chunk, uint64_t offset) {
    EXPECT_EQ(offset, expected_offset);
    EXPECT_EQ(chunk.front(), bytes[offset]);
    end = offset + chunk.size();
    expected_offset = end - 64;
  });
  EXPECT_EQ(end, bytes.size());
}

TEST(ElfImageTest, RefusesWhatIsNoElfFile) {
  EXPECT_FALSE(image_of(as_bytes("#!/bin/sh\n")).ok());
  EXPECT_FALSE(image_of({}).ok());
  EXPECT_FALSE(ElfImage::open("/", {}).ok());
  EXPECT_FALSE(ElfImage::open("/dev/null", {}).ok());
  const Result<ElfImage> missing = ElfImage::open("/nonexistent", {});
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().message, testing::HasSubstr("/nonexistent"));
}

TEST(ElfImageTest, RefusesAnUnknownMachine) {
  std::vector<std::byte> bytes = sample();
  auto header = header_at<Elf64_Ehdr>(bytes, 0);
  header.e_machine = EM_RISCV;
  put_header(bytes, 0, header);
  EXPECT_FALSE(image_of(bytes).ok());
}

TEST(ElfImageTest, ASegmentBeyondTheFileEndsWithTheFile) {
  std::vector<std::byte> bytes = sample();
  const auto header = header_at<Elf64_Ehdr>(bytes, 0);
  for (size_t i = 0; i < header.e_phnum; ++i) {
    const size_t at = header.e_phoff + i * sizeof(Elf64_Phdr);
    auto program_header = header_at<Elf64_Phdr>(bytes, at);
    program_header.p_filesz = UINT64_MAX;
    put_header(bytes, at, program_header);
  }
  const Result<ElfImage> image = image_of(bytes);
  if (!image.ok()) return;  // refusing it is as good
  for (const Segment& segment : image->segments()) {
    EXPECT_LE(segment.offset + segment.size, bytes.size());
  }
}

TEST(ElfImageTest, TooManyProgramHeadersAreRefused) {
  std::vector<std::byte> bytes = sample();
  auto header = header_at<Elf64_Ehdr>(bytes, 0);
  header.e_phnum = 0xfffe;
  put_header(bytes, 0, header);
  EXPECT_FALSE(image_of(bytes).ok());
}

TEST(ElfImageTest, AFileTruncatedWhileOpenReadsShort) {
  const std::vector<std::byte> bytes = sample();
  const int descriptor = ::memfd_create("elf", MFD_CLOEXEC);
  ASSERT_GE(descriptor, 0);
  ASSERT_EQ(::write(descriptor, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  const Result<ElfImage> image = ElfImage::from_descriptor(descriptor, "elf", {});
  ASSERT_TRUE(image.ok());
  ASSERT_EQ(::ftruncate(descriptor, 128), 0);
  const Section* text = image->section(".text");
  ASSERT_NE(text, nullptr);
  EXPECT_FALSE(image->integer<uint64_t>(text->address).has_value());
  EXPECT_TRUE(image->load(text->offset, text->size).empty());
  locate(*image);  // every locator sees the same file
}

}  // namespace
}  // namespace sonde::attach
