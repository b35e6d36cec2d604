// A finding, its exchange and its host, with every field filled.
#pragma once

#include "agent/alert/alert.h"

namespace sonde::alert {

inline detect::Finding sample_finding() {
  detect::Finding finding;
  finding.alert = "credential.response";
  finding.detector = "credential";
  finding.severity = detect::Severity::kMedium;
  finding.score = 0.934;
  finding.subtype = "github";
  finding.zone = llm::Zone::kAssistant;
  finding.message_index = 3;
  finding.start = 12;
  finding.end = 52;
  finding.evidence = "the key is [github:fp1234]";
  finding.json_path = "$.choices[0].message.content";
  finding.atlas = {"AML.T0057", "AML.T0051.001"};
  finding.owasp = {"LLM02"};
  finding.data = {{"fingerprint", "fp1234"}, {"provider", "github"}};
  return finding;
}

inline llm::Exchange sample_exchange() {
  llm::Exchange exchange;
  exchange.id = "0191-x1";
  exchange.start_time = wall_time(1'763'880'000'123'456'789);
  exchange.process = {4711,
                      99,
                      "/usr/bin/node",
                      {"node", "app.js", "--api-key", "abc"},
                      1000,
                      {{4700, "/usr/bin/npm"}, {1, "/usr/lib/systemd/systemd"}}};
  exchange.container = llm::Container{"c0ffee", "web", "shop/web:1"};
  exchange.kubernetes = llm::Kubernetes{"shop", "web-1", "web", "node-1"};
  exchange.capture = {"openssl", "symbol", "client", 0, false, true};
  exchange.network = {"10.0.0.1:4000", "[2606:4700::1]:443", "api.openai.com", "syscall"};
  exchange.http = {"1.1", "POST", "/v1/chat/completions?key=hidden", 200, "node", 10, 20};
  exchange.operation = "chat";
  exchange.provider = "openai";
  exchange.request_model = "gpt-4o";
  exchange.response_model = "gpt-4o-2024-08-06";
  exchange.conversation_id = "conv-1";
  exchange.input_tokens = 17;
  exchange.output_tokens = 4;
  exchange.user = {"user-7", "shop", "203.0.113.9", "tenant-1"};
  exchange.output = {{"assistant",
                      llm::Zone::kAssistant,
                      {{.type = llm::PartType::kToolCall, .name = "send_mail"},
                       {.type = llm::PartType::kToolCall, .name = "send_mail"},
                       {.content = "a text that stays here"}},
                      "stop"}};
  exchange.key_fingerprint = "fpkey";
  return exchange;
}

inline HostFacts sample_host() {
  return {"agent-1", "web-1", "machine-1",      "Debian GNU/Linux 12",
          "6.12.0",  "0.1.0", 1'763'870'000'000};
}

}  // namespace sonde::alert
