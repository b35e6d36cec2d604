#include "tests/unit/llm/samples.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>
#include <zlib.h>

namespace sonde::llm::test {
namespace {

void put_u32(std::string& out, size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((value >> shift) & 0xFF);
}

uint32_t sum(const std::string& bytes) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

std::string framed(const std::string& lines) {
  std::string out;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) {
    const auto event = nlohmann::json::parse(line);
    out += event_stream_message(event["name"].get<std::string>(), event["data"].dump());
  }
  return out;
}

Sample load(const std::filesystem::path& folder) {
  const auto meta = nlohmann::json::parse(read_text_file(folder / "meta.json"));
  Script whole;
  whole.host = meta["host"];
  whole.target = meta["target"];
  whole.request = read_text_file(folder / "request.json");
  Script streamed = whole;
  whole.target = meta.value("answer_target", whole.target);
  whole.response = read_text_file(folder / "answer.json");
  streamed.response_type = meta["stream_type"];
  streamed.response = read_text_file(folder / "stream");
  if (streamed.response_type.find("eventstream") != std::string::npos) {
    streamed.response = framed(streamed.response);
  }
  return {folder.filename(), std::move(whole), std::move(streamed)};
}

void describe_parts(const std::vector<Part>& parts, std::string& out) {
  for (const Part& part : parts) {
    out += "    " + std::string(to_string(part.type)) + " " + part.json_path;
    for (const auto& [name, value] : {std::pair{"id", &part.id},
                                      {"name", &part.name},
                                      {"arguments", &part.arguments},
                                      {"type", &part.media_type},
                                      {"hash", &part.hash},
                                      {"content", &part.content},
                                      {"annotations", &part.annotations}}) {
      if (!value->empty()) out += std::string(" ") + name + "=" + *value;
    }
    out += "\n";
  }
}

void describe_messages(const char* what, const std::vector<Message>& messages, std::string& out) {
  for (const Message& message : messages) {
    out += std::string(what) + " " + message.role + " (" + std::string(to_string(message.zone)) +
           ") " + message.finish_reason + "\n";
    describe_parts(message.parts, out);
  }
}

}  // namespace

std::string samples_folder() { return SONDE_SOURCE_DIR "/tests/unit/llm/samples"; }

std::string read_text_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string event_stream_message(std::string_view type, std::string_view payload) {
  std::string headers;
  const auto header = [&](std::string_view name, std::string_view value) {
    headers += static_cast<char>(name.size());
    headers += name;
    headers += '\x07';  // a string
    headers += static_cast<char>(value.size() >> 8);
    headers += static_cast<char>(value.size() & 0xFF);
    headers += value;
  };
  header(":message-type", "event");
  header(":event-type", type);
  std::string out;
  put_u32(out, 16 + headers.size() + payload.size());
  put_u32(out, headers.size());
  put_u32(out, sum(out));
  out += headers;
  out += payload;
  put_u32(out, sum(out));
  return out;
}

std::vector<Sample> load_samples() {
  std::vector<Sample> samples;
  for (const auto& entry : std::filesystem::directory_iterator(samples_folder())) {
    samples.push_back(load(entry.path()));
  }
  std::sort(samples.begin(), samples.end(),
            [](const Sample& a, const Sample& b) { return a.name < b.name; });
  return samples;
}

const Sample& sample(const std::string& name) {
  static const std::vector<Sample> samples = load_samples();
  return *std::find_if(samples.begin(), samples.end(),
                       [&](const Sample& one) { return one.name == name; });
}

std::string describe(const Exchange& exchange) {
  std::string out;
  const auto line = [&](const char* name, const std::string& value) {
    if (!value.empty()) out += std::string(name) + ": " + value + "\n";
  };
  line("operation", exchange.operation);
  line("provider", exchange.provider);
  line("model", exchange.request_model + " -> " + exchange.response_model);
  line("response id", exchange.response_id);
  line("conversation", exchange.conversation_id);
  line("goes on from", exchange.previous_response_id);
  line("user", exchange.user.end_user_id);
  line("error", exchange.error);
  line("input tokens", std::to_string(exchange.input_tokens.value_or(0)));
  line("output tokens", std::to_string(exchange.output_tokens.value_or(0)));
  for (const std::string& reason : exchange.finish_reasons) line("finish reason", reason);
  for (const ProviderVerdict& verdict : exchange.verdicts) {
    out += "verdict: " + verdict.name + (verdict.detected ? " detected" : "") +
           (verdict.filtered ? " filtered" : "") + "\n";
  }
  if (!exchange.system_instructions.empty()) out += "system\n";
  describe_parts(exchange.system_instructions, out);
  describe_messages("input", exchange.input, out);
  describe_messages("output", exchange.output, out);
  for (const ToolDefinition& tool : exchange.tools) {
    out += "tool " + tool.type + " " + tool.name + ": " + tool.description + " " + tool.parameters +
           "\n";
  }
  return out;
}

}  // namespace sonde::llm::test
