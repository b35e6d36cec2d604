// A hostile ELF corpus, made here of a real file: nothing may crash, hang, or be invented.
#include <random>

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/attach/elf_fixture.h"

namespace sonde::attach {
namespace {

using File = std::vector<std::byte>;

LocateLimits small_limits() {
  LocateLimits limits;
  limits.references = 4096;
  limits.symbols = 65'536;
  limits.table_bytes = 16 << 20;
  return limits;
}

// Every offset offered must lie inside the file and in code.
void expect_sound(const File& file) {
  const Result<ElfImage> image = image_of(file, small_limits());
  if (!image.ok()) return;
  const LocateReport report = locate(*image);
  for (const TlsTarget& target : report.targets) {
    for (const FunctionSite& site : target.functions) {
      EXPECT_LT(site.file_offset, file.size());
      EXPECT_TRUE(image->is_code(site.address));
      for (const ReturnSite& site_return : site.returns) {
        EXPECT_LT(site_return.file_offset, file.size());
      }
    }
  }
}

constexpr std::array<const char*, 2> kSamples{"returns_x86_64.so", "returns_aarch64.stripped.so"};

TEST(HostileElfTest, EveryTruncationOfASmallFile) {
  for (const char* name : kSamples) {
    const File whole = file_bytes(fixture(name));
    ASSERT_FALSE(whole.empty());
    for (size_t size = 0; size < whole.size(); size += 1 + size / 64) {
      expect_sound({whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)});
    }
  }
}

// Each 8-byte field of all headers is replaced by each extreme in turn.
TEST(HostileElfTest, ExtremeNumbersInEveryHeaderField) {
  constexpr auto kExtremes = std::to_array<uint64_t>(
      {0, 1, 0x7fffffff, 0xffffffff, UINT64_MAX / 2, UINT64_MAX - 7, UINT64_MAX});
  for (const char* name : kSamples) {
    const File whole = file_bytes(fixture(name));
    Elf64_Ehdr header;
    ASSERT_GE(whole.size(), sizeof header);
    std::memcpy(&header, whole.data(), sizeof header);
    std::vector<size_t> fields;
    for (size_t at = 16; at + 8 <= sizeof header; at += 4) fields.push_back(at);
    for (size_t at = 0; at < header.e_phnum * sizeof(Elf64_Phdr); at += 8) {
      fields.push_back(header.e_phoff + at);
    }
    for (size_t at = 0; at < header.e_shnum * sizeof(Elf64_Shdr); at += 8) {
      fields.push_back(header.e_shoff + at);
    }
    for (const size_t field : fields) {
      for (const uint64_t value : kExtremes) {
        File file = whole;
        ASSERT_LE(field + sizeof value, file.size());
        std::memcpy(file.data() + field, &value, sizeof value);
        expect_sound(file);
      }
    }
  }
}

TEST(HostileElfTest, RandomDamageEverywhere) {
  std::mt19937_64 random(20261123);
  for (const char* name : kSamples) {
    const File whole = file_bytes(fixture(name));
    for (int round = 0; round < 1500; ++round) {
      File file = whole;
      for (int damage = 0; damage < 12; ++damage) {
        file[random() % file.size()] = static_cast<std::byte>(random());
      }
      expect_sound(file);
    }
  }
}

// A symbol table whose names never end, and one whose entries all claim to be SSL_read.
TEST(HostileElfTest, ManySymbolsOfOneName) {
  const Result<ElfImage> image = ElfImage::open(fixture("returns_x86_64.so"), {});
  ASSERT_TRUE(image.ok());
  File file = file_bytes(fixture("returns_x86_64.so"));
  const Section* symbols = image->section(".symtab");
  ASSERT_NE(symbols, nullptr);
  Elf64_Sym last;
  const size_t count = symbols->size / sizeof last;
  std::memcpy(&last, file.data() + symbols->offset + (count - 1) * sizeof last, sizeof last);
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(file.data() + symbols->offset + i * sizeof last, &last, sizeof last);
  }
  expect_sound(file);
}

// A function that jumps from block to block for longer than the limit is refused, not followed.
TEST(HostileElfTest, AnEndlessFunctionIsRefused) {
  LocateLimits limits;
  limits.instructions_per_function = 4;
  const Result<ElfImage> image = image_of(file_bytes(fixture("returns_x86_64.so")), limits);
  ASSERT_TRUE(image.ok());
  const LocateReport report = locate(*image);
  const FunctionSite* site = find_site(report, Function::kSslRead);
  ASSERT_NE(site, nullptr);
  EXPECT_TRUE(site->returns.empty());
  EXPECT_THAT(site->returns_refused, testing::HasSubstr("limit"));
}

TEST(HostileElfTest, TheWholeSearchHasABudget) {
  LocateLimits limits;
  limits.instructions = 6;
  const Result<ElfImage> image = image_of(file_bytes(fixture("returns_x86_64.so")), limits);
  ASSERT_TRUE(image.ok());
  const LocateReport report = locate(*image);
  for (const TlsTarget& target : report.targets) {
    for (const FunctionSite& site : target.functions) EXPECT_TRUE(site.returns.empty());
  }
}

TEST(HostileElfTest, MoreSectionsThanTheLimitAreIgnored) {
  LocateLimits limits;
  limits.sections = 2;
  const Result<ElfImage> image = image_of(file_bytes(fixture("returns_x86_64.so")), limits);
  ASSERT_TRUE(image.ok());
  EXPECT_TRUE(image->sections().empty());
  EXPECT_NE(find_site(locate(*image), Function::kSslRead), nullptr);
}

}  // namespace
}  // namespace sonde::attach
