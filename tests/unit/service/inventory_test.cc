#include "agent/app/service/inventory.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/unit/alert/sample.h"
#include "tests/unit/sink/temporary_directory.h"

namespace sonde::app {
namespace {

llm::Exchange exchange_at(uint64_t seconds) {
  llm::Exchange exchange = alert::sample_exchange();
  exchange.start_time = wall_time(seconds * 1'000'000'000);
  exchange.input_tokens = 10;
  exchange.output_tokens = 2;
  return exchange;
}

TEST(InventoryTest, ExchangesOfOneProgramAreOneWorkload) {
  Inventory inventory;
  inventory.note(exchange_at(100));
  llm::Exchange other = exchange_at(200);
  other.response_model = "another-model";
  other.key_fingerprint = "key:2";
  if (other.container) other.container->id = "restarted";
  inventory.note(other);
  const auto workloads = inventory.workloads();
  ASSERT_EQ(workloads.size(), 1U);
  EXPECT_EQ(workloads[0].exchanges, 2U);
  EXPECT_EQ(workloads[0].input_tokens, 20U);
  EXPECT_EQ(workloads[0].output_tokens, 4U);
  EXPECT_TRUE(workloads[0].models.contains("another-model"));
  EXPECT_TRUE(workloads[0].key_fingerprints.contains("key:2"));
  EXPECT_EQ(workloads[0].models.size(), 2U);
  EXPECT_EQ(format_rfc3339(workloads[0].first_seen), "1970-01-01T00:01:40.000000Z");
  EXPECT_EQ(format_rfc3339(workloads[0].last_seen), "1970-01-01T00:03:20.000000Z");
}

TEST(InventoryTest, WhatIsSavedIsLoadedAndGoesOn) {
  const sink::TemporaryDirectory directory;
  const std::string path = directory.path() + "/inventory.json";
  Inventory first;
  first.note(exchange_at(100));
  ASSERT_TRUE(first.save(path).ok());
  Inventory second;
  ASSERT_TRUE(second.load(path).ok());
  EXPECT_EQ(inventory_json(second.workloads()), inventory_json(first.workloads()));
  second.note(exchange_at(300));
  ASSERT_EQ(second.workloads().size(), 1U) << "the same place as before the restart";
  EXPECT_EQ(second.workloads()[0].exchanges, 2U);
}

TEST(InventoryTest, NoTextOfAnExchangeIsInIt) {
  Inventory inventory;
  llm::Exchange exchange = exchange_at(1);
  constexpr const char* kSecret = "plaintext-canary";
  exchange.input = {{"user", llm::Zone::kUser, {{llm::PartType::kText, kSecret}}, ""}};
  exchange.output = {{"assistant", llm::Zone::kAssistant, {{llm::PartType::kText, kSecret}}, ""}};
  exchange.system_instructions = {{llm::PartType::kText, kSecret}};
  exchange.http.path = kSecret;
  exchange.process.command_line = {kSecret};
  inventory.note(exchange);
  EXPECT_EQ(inventory_json(inventory.workloads()).find(kSecret), std::string::npos);
}

TEST(InventoryTest, WorkloadsAndNamesAreBounded) {
  Inventory inventory;
  for (size_t i = 0; i < Inventory::kWorkloads + 10; ++i) {
    llm::Exchange exchange = exchange_at(i + 1);
    exchange.process.exe = fmt::format("/bin/{}", i);
    inventory.note(exchange);
  }
  auto workloads = inventory.workloads();
  EXPECT_EQ(workloads.size(), Inventory::kWorkloads);
  EXPECT_EQ(workloads.back().exe, "/bin/10") << "the one unseen for longest makes room";

  Inventory one;
  for (size_t i = 0; i < 2 * Inventory::kNames; ++i) {
    llm::Exchange exchange = exchange_at(1);
    exchange.response_model = fmt::format("{}{}", i, std::string(1000, 'm'));
    one.note(exchange);
  }
  workloads = one.workloads();
  EXPECT_EQ(workloads[0].models.size(), Inventory::kNames);
  EXPECT_EQ(workloads[0].models.begin()->size(), Inventory::kNameBytes);
}

TEST(InventoryTest, AFileThatIsNotOursIsRefused) {
  for (const char* text : {"", "{", "[]", "{}", R"({"schema":"sonde.inventory/1"})",
                           R"({"schema":"sonde.inventory/2","workloads":[]})",
                           R"({"schema":"sonde.inventory/1","workloads":{}})"}) {
    EXPECT_FALSE(parse_inventory(text).ok()) << text;
  }
  const auto odd = parse_inventory(
      R"({"schema":"sonde.inventory/1","workloads":[1,{"exe":7,"models":[1,"m"],"last_seen":"x"}]})");
  ASSERT_TRUE(odd.ok());
  ASSERT_EQ(odd->size(), 1U);
  EXPECT_EQ((*odd)[0].models.size(), 1U);
}

}  // namespace
}  // namespace sonde::app
