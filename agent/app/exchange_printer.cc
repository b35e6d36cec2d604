#include "agent/app/exchange_printer.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "agent/app/host_facts.h"
#include "agent/detect/finding_json.h"
#include "agent/llm/exchange_json.h"

namespace sonde::app {
namespace {

constexpr size_t kShownBytes = 400;  // of one text in the tree

constexpr std::string_view kReset = "\x1b[0m";

std::string_view zone_colour(llm::Zone zone) {
  switch (zone) {
    case llm::Zone::kSystem:
    case llm::Zone::kDeveloper:
      return "\x1b[35m";
    case llm::Zone::kUser:
      return "\x1b[36m";
    case llm::Zone::kAssistant:
      return "\x1b[32m";
    case llm::Zone::kTool:
      return "\x1b[33m";
  }
  return "";
}

// The text on a terminal: control characters made harmless, long ones cut at a character's edge.
std::string shown(std::string_view text) {
  const bool cut = text.size() > kShownBytes;
  if (cut) {
    size_t end = kShownBytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end);
  }
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n')
      line += "\n       ";
    else if (c == '\t')
      line += ' ';
    else if (byte < 0x20 || byte == 0x7f)
      line += '.';
    else
      line += c;
  }
  return cut ? line + " [...]" : line;
}

std::string part_text(const llm::Part& part) {
  switch (part.type) {
    case llm::PartType::kToolCall:
      return fmt::format("calls {}({})", part.name, part.arguments);
    case llm::PartType::kBlob:
      return fmt::format("[{} {} bytes]", part.media_type, part.size_bytes);
    case llm::PartType::kReasoning:
      return "(thinks) " + part.content;
    case llm::PartType::kRefusal:
      return "(refuses) " + part.content;
    default:
      return part.content;
  }
}

}  // namespace

Result<ExchangePrinter> ExchangePrinter::create(const PrintOptions& options, const Limits& limits,
                                                Counters& counters, std::FILE* out) {
  std::unique_ptr<detect::Engine> engine;
  if (options.findings) {
    detect::EngineConfig config;
    config.fingerprint_key = random_bytes(32);  // they compare within this run only
    auto created = detect::Engine::create(config, limits, counters);
    if (!created.ok()) return tl::unexpected(created.error());
    engine = std::move(*created);
  }
  return ExchangePrinter(options, std::move(engine), out);
}

void ExchangePrinter::print(const llm::Exchange& exchange) {
  std::vector<detect::Finding> findings;
  if (engine_) findings = engine_->inspect(exchange).findings;
  if (options_.json) {
    nlohmann::json list = nlohmann::json::array();
    for (const auto& finding : findings)
      list.push_back(nlohmann::json::parse(detect::finding_json(finding)));
    const std::string line = llm::exchange_json(exchange, engine_ ? &list : nullptr);
    fmt::print(out_, "{}\n", line);
  } else {
    print_tree(exchange, findings);
  }
  std::fflush(out_);
}

void ExchangePrinter::print_tree(const llm::Exchange& exchange,
                                 const std::vector<detect::Finding>& findings) {
  const auto paint = [this](std::string_view code) {
    return options_.colour ? code : std::string_view();
  };
  fmt::print(out_, "{}{} {}[{}] {} {} -> {}{} {:.0f} ms{}\n", paint("\x1b[1m"),
             format_rfc3339(exchange.start_time).substr(11, 12), exchange.process.exe,
             exchange.process.pid, exchange.provider, exchange.request_model, exchange.network.host,
             exchange.http.path, exchange.duration_ms, paint(kReset));
  const auto print_part = [&](std::string_view role, llm::Zone zone, const llm::Part& part) {
    fmt::print(out_, "  {}{}:{} {}\n", paint(zone_colour(zone)), role, paint(kReset),
               shown(part_text(part)));
  };
  for (const auto& part : exchange.system_instructions)
    print_part("system", llm::Zone::kSystem, part);
  for (const auto* messages : {&exchange.input, &exchange.output}) {
    for (const auto& message : *messages) {
      for (const auto& part : message.parts) print_part(message.role, message.zone, part);
    }
  }
  if (!exchange.error.empty()) fmt::print(out_, "  error: {}\n", shown(exchange.error));
  if (exchange.input_tokens || exchange.output_tokens) {
    fmt::print(out_, "  tokens: {} in, {} out\n", exchange.input_tokens.value_or(0),
               exchange.output_tokens.value_or(0));
  }
  if (!exchange.capture.complete)
    fmt::print(out_, "  (incomplete: {} bytes lost)\n", exchange.capture.lost_bytes);
  for (const auto& finding : findings) {
    fmt::print(out_, "  {}! {} {} {:.2f}{} {}\n", paint("\x1b[31;1m"),
               detect::to_string(finding.severity), finding.alert, finding.score, paint(kReset),
               shown(finding.evidence));
  }
}

}  // namespace sonde::app
