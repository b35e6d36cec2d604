#include "tests/cassettes/oracle.h"

#include <map>
#include <set>
#include <sstream>

#include <nlohmann/json.hpp>

#include "agent/base/bytes.h"

namespace sonde::test {
namespace {

using nlohmann::json;

// Members whose string value is a text that somebody wrote for or by a model.
const std::set<std::string> kTextKeys = {
    "content",    "text",       "thinking",     "reasoning_content",
    "reasoning",  "refusal",    "prompt",       "inputText",
    "outputText", "completion", "generation",   "generated_text",
    "response",   "input",      "instructions", "output",
    "message",    "preamble",   "partial_json", "delta",
    "transcript", "system",     "inputs",       "generations",
    "tool_plan"};

bool under(const std::string& path, const char* member) {
  return path.find(std::string(".") + member) != std::string::npos;
}

// Places where those names mean something else.
bool is_metadata(const std::string& path) {
  for (const char* member :
       {"error",     "usage",        "logprobs",           "text.format",   "response_format",
        "warnings",  "parameters",   "input_schema",       "output_parsed", "format",
        "meta",      "source",       "document",           "trace",         "embedding",
        "citations", "annotations",  "moderation_details", "schema",        "inputSchema",
        "details",   "chat_history", "step_details"}) {
    if (under(path, member)) return true;
  }
  return false;
}

using Texts = std::map<std::string, std::string>;  // path (array positions left out of streams)

// `streamed`: pieces of one place are concatenated; a place is told by its names and its "index".
void collect(const json& value, const std::string& path, bool streamed, Texts& texts) {
  if (value.is_object()) {
    std::string here = path;
    if (streamed) {
      for (const char* key : {"index", "output_index", "content_index", "contentBlockIndex"}) {
        if (value.contains(key) && value[key].is_number()) {
          here += "#" + value[key].dump();
        }
      }
      if (value.contains("type") && value["type"].is_string())
        here += ":" + value["type"].get<std::string>();
    }
    for (const auto& [key, member] : value.items()) {
      const std::string place = here + "." + key;
      if (member.is_string() && kTextKeys.contains(key) && !is_metadata(place)) {
        // Events repeat the run they belong to; only deltas go on.
        if (key == "instructions") texts[place].clear();
        texts[place] += member.get<std::string>();
      } else if (key == "arguments" && member.is_string()) {
        texts[place] += member.get<std::string>();
      } else if (!member.is_string()) {
        collect(member, place, streamed, texts);
      }
    }
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) {
      collect(value[i], streamed ? path : path + "[" + std::to_string(i) + "]", streamed, texts);
    }
  }
}

std::vector<json> events_of(const RecordedExchange& recorded) {
  std::vector<json> events;
  if (recorded.response_type.find("eventstream") != std::string::npos) {
    ByteReader reader(as_bytes(recorded.response));
    while (auto total = reader.u32_be()) {
      const auto headers = reader.u32_be();
      if (!headers || !reader.skip(4 + *headers)) break;
      const auto payload = reader.bytes(*total - *headers - 16);
      if (!payload || !reader.skip(4)) break;
      json event = json::parse(as_text(*payload), nullptr, false);
      if (event.contains("bytes")) continue;  // Base64 inside: checked by the unit tests
      if (!event.is_discarded()) events.push_back(std::move(event));
    }
    return events;
  }
  std::istringstream lines(recorded.response);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("data:")) line = line.substr(5);
    json event = json::parse(line, nullptr, false);
    if (event.is_object()) events.push_back(std::move(event));
  }
  return events;
}

void add_parts(const std::vector<llm::Part>& parts, std::multiset<std::string>& out) {
  for (const llm::Part& part : parts) {
    for (const std::string& text : {part.content, part.name, part.id, part.arguments}) {
      out.insert(text);
    }
  }
}

std::multiset<std::string> texts_of(const llm::Exchange& exchange) {
  std::multiset<std::string> out;
  add_parts(exchange.system_instructions, out);
  for (const auto& message : exchange.input) add_parts(message.parts, out);
  for (const auto& message : exchange.output) add_parts(message.parts, out);
  out.insert(exchange.error_message);
  return out;
}

void check_count(const json& body, const char* key, const std::optional<uint64_t>& got,
                 std::vector<std::string>& missing) {
  if (!body.is_object() || !body.contains("usage")) return;
  const json& usage = body["usage"];
  if (!usage.is_object() || !usage.contains(key) || !usage[key].is_number()) return;
  if (!got || *got != usage[key].get<uint64_t>()) missing.push_back(std::string("usage ") + key);
}

void check_model(const json& body, const std::string& got, std::vector<std::string>& missing) {
  if (!body.is_object() || !body.contains("model") || !body["model"].is_string()) return;
  if (body["model"].get<std::string>() != got) missing.emplace_back("model");
}

}  // namespace

std::vector<std::string> missing_from(const llm::Exchange& exchange,
                                      const RecordedExchange& recorded) {
  Texts texts;
  std::vector<std::string> missing;
  const json request = json::parse(recorded.request, nullptr, false);
  collect(request, "request", false, texts);
  check_model(request, exchange.request_model, missing);
  const json response = json::parse(recorded.response, nullptr, false);
  if (response.is_discarded()) {
    for (const json& event : events_of(recorded)) collect(event, "event", true, texts);
  } else {
    collect(response, "response", false, texts);
    check_model(response, exchange.response_model, missing);
    check_count(response, "prompt_tokens", exchange.input_tokens, missing);
    check_count(response, "input_tokens", exchange.input_tokens, missing);
    check_count(response, "completion_tokens", exchange.output_tokens, missing);
    check_count(response, "output_tokens", exchange.output_tokens, missing);
  }
  const std::multiset<std::string> heard = texts_of(exchange);
  for (const auto& [place, text] : texts) {
    if (!text.empty() && !heard.contains(text)) missing.push_back(place);
  }
  return missing;
}

bool is_llm_traffic(const RecordedExchange& recorded) {
  // Descriptions of models.
  if (recorded.method == "GET" && recorded.target.starts_with("/v1/models/")) return false;
  for (const char* word : {"/telemetry", "/traces/", "/batch", "tavily", "smith.langchain",
                           "/parsing/", "pinecone", "/oidc/", "/specs", "_specs", "/instances/",
                           "/v2/projects", "/v2/spaces", "/rerank", "/images/", "traceloop.com"}) {
    if ((recorded.host + recorded.target).find(word) != std::string::npos) return false;
  }
  return true;
}

}  // namespace sonde::test
