// An engine and one-message exchanges for the tests of this folder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/detect/engine.h"

namespace sonde::detect {

class EngineFixture : public ::testing::Test {
 protected:
  void SetUp() override { make_engine({}); }

  void make_engine(std::vector<std::string> indicator_files) {
    EngineConfig config;
    config.indicator_files = std::move(indicator_files);
    configure(std::move(config));
  }

  void configure(EngineConfig config) {
    config.fingerprint_key = "0123456789abcdef0123456789abcdef";
    auto engine = Engine::create(config, limits_, counters_);
    ASSERT_TRUE(engine.ok()) << engine.error().message;
    engine_ = std::move(*engine);
  }

  static llm::Exchange text(llm::Zone zone, std::string content) {
    llm::Exchange exchange;
    const bool tool = zone == llm::Zone::kTool;
    llm::Message message{.role = std::string(llm::to_string(zone)), .zone = zone};
    message.parts.push_back({.type = tool ? llm::PartType::kToolCallResponse : llm::PartType::kText,
                             .content = std::move(content)});
    (zone == llm::Zone::kAssistant ? exchange.output : exchange.input).push_back(message);
    return exchange;
  }

  static llm::Exchange call(std::string name, std::string arguments) {
    llm::Exchange exchange;
    llm::Message message{.role = "assistant", .zone = llm::Zone::kAssistant};
    message.parts.push_back({.type = llm::PartType::kToolCall,
                             .id = "call_1",
                             .name = std::move(name),
                             .arguments = std::move(arguments)});
    exchange.output.push_back(message);
    return exchange;
  }

  // The names of the alerts that `exchange` raises.
  std::vector<std::string> alerts(const llm::Exchange& exchange) {
    std::vector<std::string> names;
    for (const Finding& finding : engine_->inspect(exchange).findings) {
      names.push_back(finding.alert);
    }
    return names;
  }

  Limits limits_;
  Counters counters_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace sonde::detect
