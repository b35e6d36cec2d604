#include "agent/app/service/commands.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "agent/app/service/child.h"
#include "agent/app/service/inventory.h"
#include "agent/app/service/printable.h"
#include "agent/sink/spool.h"
#include "tests/unit/alert/sample.h"
#include "tests/unit/sink/temporary_directory.h"

namespace sonde::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kCanary = "evidence-canary";

class ServiceCommandTest : public ::testing::Test {
 protected:
  void SetUp() override {
    layers_.environment = {};
    layers_.settings = {"state_directory=" + directory_.path(), "metrics.listen="};
    auto spool = sink::Spool::open({directory_.path() + "/spool", 1 << 20}, counters_);
    ASSERT_TRUE(spool.ok()) << spool.error().message;
    spool_ = std::move(*spool);
    ASSERT_TRUE(spool_
                    ->append({{{sink::RecordKind::kAlert, detect::Severity::kHigh,
                                std::string("{\"evidence\":\"") + kCanary + "\"}"}}})
                    .ok());
  }
  template <typename Command>
  static std::string output_of(Command&& command) {
    ::testing::internal::CaptureStdout();
    EXPECT_EQ(command(), 0);
    return ::testing::internal::GetCapturedStdout();
  }

  sink::TemporaryDirectory directory_;
  config::Layers layers_;
  Counters counters_;
  std::unique_ptr<sink::Spool> spool_;
};

TEST_F(ServiceCommandTest, SpoolTellsWhatWaitsAndPrintsRecordsWhenAsked) {
  const std::string text = output_of([&] { return run_spool({layers_, false, false, {}}); });
  EXPECT_THAT(text, HasSubstr("1 records wait"));
  const auto json =
      nlohmann::json::parse(output_of([&] { return run_spool({layers_, true, false, {}}); }));
  EXPECT_EQ(json["waiting"], 1);
  EXPECT_EQ(json["lanes"]["high"]["waiting"], 1);
  const std::string records = output_of([&] { return run_spool({layers_, false, true, {}}); });
  EXPECT_EQ(records, "{\"type\":\"alert\",\"alert\":{\"evidence\":\"evidence-canary\"}}\n");
}

TEST_F(ServiceCommandTest, SpoolTellsOfEachTargetByItsName) {
  const std::string config = directory_.path() + "/targets.yaml";
  std::ofstream(config)
      << "sinks: {targets: [{name: siem, type: syslog, url: 'tcp://siem:514'}]}\n";
  std::filesystem::permissions(config, std::filesystem::perms(0600));
  layers_.file = config;
  auto siem = sink::Spool::open({directory_.path() + "/spool-siem", 1 << 20}, counters_);
  ASSERT_TRUE(siem.ok()) << siem.error().message;
  const std::string text = output_of([&] { return run_spool({layers_, false, false, {}}); });
  EXPECT_THAT(text, HasSubstr("collector ("));
  EXPECT_THAT(text, HasSubstr("siem ("));
  const auto json =
      nlohmann::json::parse(output_of([&] { return run_spool({layers_, true, false, "siem"}); }));
  EXPECT_EQ(json["sink"], "siem");
  EXPECT_EQ(json["waiting"], 0);
  EXPECT_EQ(run_spool({layers_, true, false, "soar"}), 2) << "there is no such sink";
}

TEST_F(ServiceCommandTest, InventoryIsEmptyBeforeTheFirstExchangeAndShowsItAfter) {
  EXPECT_THAT(output_of([&] { return run_inventory({layers_, false}); }), HasSubstr("no exchange"));
  Inventory inventory;
  llm::Exchange exchange = alert::sample_exchange();
  exchange.response_model = "model\x1b[31m";
  inventory.note(exchange);
  ASSERT_TRUE(inventory.save(directory_.path() + "/inventory.json").ok());
  const std::string text = output_of([&] { return run_inventory({layers_, false}); });
  EXPECT_THAT(text, HasSubstr(exchange.provider));
  EXPECT_THAT(text, HasSubstr("model?[31m")) << "a terminal obeys nothing of it";
  EXPECT_EQ(
      nlohmann::json::parse(output_of([&] { return run_inventory({layers_, true}); }))["workloads"]
          .size(),
      1U);
}

TEST_F(ServiceCommandTest, AConfigurationThatIsWrongIsAUsageError) {
  layers_.settings.emplace_back("nonsense=1");
  EXPECT_EQ(run_spool({layers_, false, false, {}}), 2);
  EXPECT_EQ(run_inventory({layers_, false}), 2);
}

TEST_F(ServiceCommandTest, ASupportBundleHoldsStateButNoEvidence) {
  const std::string path = directory_.path() + "/bundle.tar.gz";
  // The spool command itself, as the bundle asks for it, has its own test above.
  EXPECT_EQ(output_of([&] { return run_support_bundle({layers_, path, "/bin/echo"}); }),
            path + "\n");
  const ChildOutput listing = run_child({"tar", "-tzf", path}, std::chrono::seconds(20), 1 << 16);
  for (const char* name :
       {"config.yaml", "kernel.txt", "doctor.json", "spool.json", "journal.txt"}) {
    EXPECT_THAT(listing.text, HasSubstr(std::string("sonde-support/") + name + "\n"));
  }
  const ChildOutput all = run_child({"tar", "-xzOf", path}, std::chrono::seconds(20), 16 << 20);
  EXPECT_THAT(all.text, HasSubstr("state_directory: "));
  EXPECT_THAT(all.text, HasSubstr("== /proc/version"));
  EXPECT_THAT(all.text, Not(HasSubstr(kCanary)));
}

TEST_F(ServiceCommandTest, ASupportBundleOfAWrongConfigurationSaysWhatIsWrong) {
  const std::string path = directory_.path() + "/bundle.tar.gz";
  layers_.settings.emplace_back("log_level=loud");
  output_of([&] { return run_support_bundle({layers_, path, "/bin/echo"}); });
  const ChildOutput all = run_child({"tar", "-xzOf", path}, std::chrono::seconds(20), 16 << 20);
  EXPECT_THAT(all.text, HasSubstr("--set: 'log_level' must be one of debug|info|warn|error"));
  EXPECT_THAT(all.text, HasSubstr("== /proc/version"));
}

TEST(PrintableTest, ControlCharactersDoNotReachATerminal) {
  EXPECT_EQ(printable("a\x1b]0;x\x07\r\n\tb\x7f"), "a?]0;x????b?");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "?31m");
  EXPECT_EQ(printable("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(printable(std::string(500, 'a'), 7).size(), 7U);
}

}  // namespace
}  // namespace sonde::app
