#include "tests/collector/support/sample.h"

#include <fmt/format.h>

namespace sonde::testing {

store::NewAlert sample_alert(int number) {
  store::NewAlert alert;
  alert.uid = fmt::format("alert-{}", number);
  alert.time_ms = kSampleTimeMs + number * 1000;
  alert.alert = "credential.response";
  alert.title = "A credential in an answer";
  alert.severity = store::Severity::kMedium;
  alert.host = "web-1";
  alert.agent_id = "agent-1";
  alert.application = "chatbot";
  alert.provider = "openai";
  alert.model = "gpt-4o";
  alert.zone = "assistant";
  alert.score = 0.93;
  alert.evidence_preview = fmt::format("the key is sk-**** number{}", number);
  alert.search_text = alert.title + " " + alert.alert + " " + alert.evidence_preview;
  alert.entities = {{"host", "web-1"}};
  alert.ocsf = sample_ocsf(number);
  return alert;
}

std::string sample_ocsf(int number) {
  return fmt::format(
      R"({{"class_uid":2004,"time":{},"severity_id":3,"finding_info":{{"uid":"alert-{}",)"
      R"("title":"A credential in an answer","types":["credential.response"]}},)"
      R"("confidence_score":93,"device":{{"hostname":"web-1"}},"actor":{{"process":{{)"
      R"("pid":7,"file":{{"path":"/usr/bin/node"}}}}}},"ai_model":{{"name":"gpt-4o",)"
      R"("ai_provider":"openai"}},"unmapped":{{"sonde":{{"application":"chatbot",)"
      R"("zone":"assistant","agent_id":"agent-1","conversation_id":"c-1",)"
      R"("evidence":{{"text":"the key is sk-**** number{}","start":11,"end":18}},)"
      R"("entities":[{{"type":"secret","value":"fp:{}"}}]}}}}}})",
      kSampleTimeMs + number * 1000, number, number, number);
}

std::string sample_line(int number) {
  return fmt::format(R"({{"type":"alert","alert":{}}})", sample_ocsf(number));
}

}  // namespace sonde::testing
