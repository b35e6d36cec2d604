// What a host shows besides its exchanges: open services and unsafe model files.
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/app/exposure.h"
#include "agent/app/model_files.h"

namespace sonde::app {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using namespace std::string_view_literals;

constexpr std::string_view kTcp =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
    "   0: 0100007F:2CAA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n"
    "   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n"
    "   2: 0500A8C0:2CAA 0700A8C0:C0DE 01 00000000:00000000 00:00000000 00000000     0\n";
constexpr std::string_view kTcp6 =
    "  sl  local_address                         remote_address                        st\n"
    "   0: 00000000000000000000000001000000:2CAA 00000000000000000000000000000000:0000 0A 0\n"
    "   1: 00000000000000000000000000000000:1F91 00000000000000000000000000000000:0000 0A 0\n"
    "   2: 0000000000000000FFFF00000100007F:2CAB 00000000000000000000000000000000:0000 0A 0\n";

TEST(ExposureTest, OnlySocketsThatListenForOthersCount) {
  EXPECT_TRUE(listens_beyond_loopback(kTcp, 8080));
  EXPECT_FALSE(listens_beyond_loopback(kTcp, 11434)) << "one listens on loopback, one is connected";
  EXPECT_FALSE(listens_beyond_loopback(kTcp6, 11434));
  EXPECT_TRUE(listens_beyond_loopback(kTcp6, 8081));
  EXPECT_FALSE(listens_beyond_loopback(kTcp6, 11435)) << "IPv4 loopback as IPv6";
  for (size_t cut = 0; cut < kTcp.size(); ++cut) {
    listens_beyond_loopback(kTcp.substr(0, cut), 8080);  // no crash
  }
}

class HostWatchTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "7" / "net");
    fs::create_directories(folder_ / "7" / "fd");
    write("7/net/tcp", kTcp);
    write("7/net/tcp6", kTcp6);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, std::string_view text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  void open_in_process(const std::string& name, int number) {
    fs::create_symlink(folder_ / name, folder_ / "7" / "fd" / std::to_string(number));
  }

  llm::Exchange served(const std::string& local) {
    llm::Exchange exchange;
    exchange.capture.side = "server";
    exchange.start_time = WallTime(1000h);
    exchange.process = {.pid = 7, .exe = "/usr/bin/ollama"};
    exchange.network.local = local;
    exchange.http.status = 200;
    return exchange;
  }

  fs::path folder_;
};

TEST_F(HostWatchTest, AServiceThatAnswersAnybodyIsToldOnceADay) {
  ExposureWatch watch(folder_);
  llm::Exchange exchange = served("127.0.0.1:8080");  // asked over loopback, open to all
  const auto finding = watch.look(exchange);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->alert, "exposed_service");
  EXPECT_EQ(finding->severity, detect::Severity::kMedium);
  EXPECT_EQ(finding->data.at("port"), "8080");
  EXPECT_FALSE(watch.look(exchange));
  exchange.start_time += 25h;
  EXPECT_TRUE(watch.look(exchange));
}

TEST_F(HostWatchTest, ServicesThatAskOrKeepToThemselvesAreSpared) {
  ExposureWatch watch(folder_);
  llm::Exchange exchange = served("127.0.0.1:8080");
  exchange.key_fingerprint = "aabbccddeeff";
  EXPECT_FALSE(watch.look(exchange)) << "the caller showed a key";
  exchange = served("127.0.0.1:8080");
  exchange.http.status = 401;
  EXPECT_FALSE(watch.look(exchange)) << "it was refused";
  exchange = served("127.0.0.1:11434");
  EXPECT_FALSE(watch.look(exchange)) << "it listens on loopback only";
  exchange = served("127.0.0.1:8080");
  exchange.capture.side = "client";
  EXPECT_FALSE(watch.look(exchange));
}

constexpr auto kUnsafe =
    "\x80\x02"
    "cposix\nsystem\nq\x00X\x02\x00\x00\x00idq\x01\x85q\x02Rq\x03."sv;

// A ZIP archive with one stored member (APPNOTE.TXT 4.3).
std::string zip_of(std::string_view name, std::string_view content) {
  const auto u16 = [](size_t value) {
    return std::string{static_cast<char>(value), static_cast<char>(value >> 8)};
  };
  const auto u32 = [&](size_t value) { return u16(value & 0xFFFF) + u16(value >> 16); };
  const std::string sizes = u32(0) + u32(content.size()) + u32(content.size());
  const std::string local = "PK\x03\x04" + u16(20) + u16(0) + u16(0) + u32(0) + sizes +
                            u16(name.size()) + u16(0) + std::string(name) + std::string(content);
  const std::string central = "PK\x01\x02" + u16(20) + u16(20) + u16(0) + u16(0) + u32(0) + sizes +
                              u16(name.size()) + u16(0) + u16(0) + u16(0) + u16(0) + u32(0) +
                              u32(0) + std::string(name);
  return local + central + "PK\x05\x06" + u32(0) + u16(1) + u16(1) + u32(central.size()) +
         u32(local.size()) + u16(0);
}

TEST_F(HostWatchTest, AnUnsafeModelThatIsOpenIsFoundOnce) {
  write("model.pt", zip_of("archive/data.pkl", kUnsafe));
  write("weights.bin", kUnsafe);
  write("notes.txt", kUnsafe);
  open_in_process("model.pt", 3);
  open_in_process("weights.bin", 4);
  open_in_process("notes.txt", 5);
  ModelFileWatch watch(folder_);
  const auto found = watch.sweep({7, 8});
  ASSERT_EQ(found.size(), 2u);
  for (const auto& unsafe : found) {
    EXPECT_EQ(unsafe.pid, 7u);
    EXPECT_EQ(unsafe.finding.alert, "model_file.unsafe");
    EXPECT_EQ(unsafe.finding.evidence, "posix.system");
  }
  EXPECT_TRUE(watch.sweep({7}).empty());
  write("weights.bin", std::string(kUnsafe) + " ");
  EXPECT_EQ(watch.sweep({7}).size(), 1u) << "another version of the file";
}

TEST_F(HostWatchTest, SafeModelsAreSpared) {
  write("model.pt", zip_of("archive/data.pkl",
                           "\x80\x02"
                           "ccollections\nOrderedDict\n)R."sv));
  write("code.pt", zip_of("archive/readme.txt", kUnsafe));
  write("weights.bin", "GGUF\x03\x00\x00\x00"sv);
  int number = 3;
  for (const char* name : {"model.pt", "code.pt", "weights.bin"}) open_in_process(name, number++);
  EXPECT_TRUE(ModelFileWatch(folder_).sweep({7}).empty());
}

TEST_F(HostWatchTest, ADamagedArchiveDoesNoHarm) {
  const std::string whole = zip_of("archive/data.pkl", kUnsafe);
  for (size_t cut = 0; cut < whole.size(); ++cut) {
    write("cut.pt", std::string_view(whole).substr(0, cut));
    EXPECT_TRUE(inspect_model_file(folder_ / "cut.pt").ok());
    std::string damaged = whole;
    damaged[cut] = '\xff';
    write("damaged.pt", damaged);
    EXPECT_TRUE(inspect_model_file(folder_ / "damaged.pt").ok());
  }
}

}  // namespace
}  // namespace sonde::app
