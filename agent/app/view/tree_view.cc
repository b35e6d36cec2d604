#include "agent/app/view/tree_view.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "agent/app/view/screen_text.h"
#include "agent/base/time.h"
#include "agent/llm/request_context.h"

namespace sonde::app {
namespace {

constexpr size_t kRoleColumns = 13;   // with the indentation
constexpr size_t kFoldedLines = 8;    // of one text
constexpr size_t kFoldedBytes = 800;  // of one line where no screen bounds it

std::string_view colour_of(llm::Zone zone) {
  switch (zone) {
    case llm::Zone::kSystem:
    case llm::Zone::kDeveloper:
      return kMagenta;
    case llm::Zone::kUser:
      return kCyan;
    case llm::Zone::kAssistant:
      return kGreen;
    case llm::Zone::kTool:
      return kYellow;
  }
  return {};
}

std::string text_of(const llm::Part& part) {
  switch (part.type) {
    case llm::PartType::kToolCall:
      return fmt::format("calls {}({})", part.name, part.arguments);
    case llm::PartType::kBlob:
      return fmt::format("[{}, {} bytes]", part.media_type, part.size_bytes);
    case llm::PartType::kReasoning:
      return "(thinks) " + part.content;
    case llm::PartType::kRefusal:
      return "(refuses) " + part.content;
    default:
      return part.content;
  }
}

size_t digest_of(const llm::Message& message) {
  size_t digest = static_cast<size_t>(message.zone);
  const auto mix = [&digest](std::string_view text) {
    constexpr size_t kOdd = 0x9E3779B97F4A7C15;  // 2^64 / the golden ratio
    digest = (digest ^ std::hash<std::string_view>()(text)) * kOdd;
  };
  for (const auto& part : message.parts) {
    mix(part.content);
    mix(part.name);
    mix(part.arguments);
  }
  return digest;
}

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// Prints into one terminal; made for one exchange.
class Printer {
 public:
  Printer(const Terminal& terminal, bool full) : terminal_(terminal), full_(full) {}

  void headline(const llm::Exchange& exchange) {
    std::string facts = fmt::format("{} -> {}{}", speaker_of(exchange.process, exchange),
                                    exchange.network.host, llm::masked_target(exchange.http.path));
    if (exchange.kubernetes)
      facts +=
          fmt::format("  pod {}/{}", exchange.kubernetes->namespace_name, exchange.kubernetes->pod);
    else if (exchange.container && !exchange.container->name.empty())
      facts += "  container " + exchange.container->name;
    const std::string time(std::string_view(format_rfc3339(exchange.start_time)).substr(11, 12));
    const std::vector<std::string> lines = wrap(spell_out(facts), room_for(time.size() + 1));
    for (size_t i = 0; i < lines.size(); ++i) {
      fmt::print(terminal_.out, "{}{}{}{} {}{}\n", paint(kFaint),
                 i == 0 ? time : std::string(12, ' '), paint(kPlain), paint(kBold), lines[i],
                 paint(kPlain));
    }
  }

  void message(const llm::Message& message) {
    for (const auto& part : message.parts)
      row(message.role, colour_of(message.zone), text_of(part));
  }

  void row(std::string_view role, std::string_view colour, std::string_view text) {
    const bool cut_bytes = !full_ && terminal_.columns == 0 && text.size() > kFoldedBytes;
    const std::vector<std::string> lines =
        wrap(spell_out(cut_bytes ? text.substr(0, kFoldedBytes) : text), room_for(kRoleColumns));
    const size_t shown = full_ || lines.size() <= kFoldedLines + 1 ? lines.size() : kFoldedLines;
    const std::string name = head(spell_out(role), kRoleColumns - 3);
    for (size_t i = 0; i < shown; ++i) {
      fmt::print(terminal_.out, "  {}{:<{}}{}{}\n", paint(colour), i == 0 ? name : "",
                 kRoleColumns - 2, paint(kPlain), lines[i]);
    }
    if (shown < lines.size()) {
      more(fmt::format("... {} more lines", lines.size() - shown));
    } else if (cut_bytes) {
      more(fmt::format("... {} more bytes", text.size() - kFoldedBytes));
    }
  }

  void more(std::string_view text) {
    fmt::print(terminal_.out, "{:{}}{}{}{}\n", "", kRoleColumns, paint(kFaint), text,
               paint(kPlain));
  }

  void findings_of(const std::vector<detect::Finding>& findings, int message) {
    for (const auto& finding : findings) {
      if (finding.message_index == message) this->finding(finding);
    }
  }

  void finding(const detect::Finding& finding) {
    fmt::print(terminal_.out, "  {}! {} {} {:.2f}{}{}{}\n", paint(kAlarm),
               detect::to_string(finding.severity), finding.alert, finding.score,
               finding.subtype.empty() ? "" : " ", finding.subtype, paint(kPlain));
    if (!finding.evidence.empty()) row("", kRed, finding.evidence);
  }

  // What stands at the end: how it went.
  void footer(const llm::Exchange& exchange) {
    std::vector<std::string> facts{duration(exchange.duration_ms)};
    if (exchange.input_tokens || exchange.output_tokens) {
      facts.push_back(fmt::format("{} tokens in, {} out", exchange.input_tokens.value_or(0),
                                  exchange.output_tokens.value_or(0)));
    }
    for (const auto& reason : exchange.finish_reasons) facts.push_back(reason);
    if (!exchange.error.empty()) facts.push_back("error " + exchange.error);
    for (const auto& verdict : exchange.verdicts) {
      if (verdict.detected) facts.push_back("the provider says: " + verdict.name);
    }
    if (!exchange.capture.complete)
      facts.push_back(fmt::format("incomplete, {} bytes lost", exchange.capture.lost_bytes));
    std::string line;
    for (const auto& fact : facts) line += (line.empty() ? "" : ", ") + fact;
    for (const auto& text : wrap(spell_out(line), room_for(kRoleColumns))) more(text);
  }

 private:
  static std::string duration(double milliseconds) {
    constexpr double kSecond = 1000;
    return milliseconds < kSecond ? fmt::format("{:.0f} ms", milliseconds)
                                  : fmt::format("{:.1f} s", milliseconds / kSecond);
  }
  std::string_view paint(std::string_view code) const { return terminal_.paint(code); }
  size_t room_for(size_t before) const {
    return terminal_.columns == 0 ? 0 : terminal_.columns - before;
  }

  const Terminal& terminal_;
  bool full_;
};

}  // namespace

std::string speaker_of(const llm::Process& process, const llm::Exchange& exchange) {
  std::string speaker = fmt::format("{}[{}] {}", process.exe.empty() ? "?" : file_name(process.exe),
                                    process.pid, exchange.provider);
  const std::string& model =
      exchange.request_model.empty() ? exchange.response_model : exchange.request_model;
  if (!model.empty()) speaker += " " + model;
  if (exchange.mcp) speaker += " " + exchange.mcp->method;
  return speaker;
}

size_t TreeView::shown_before(const llm::Exchange& exchange) {
  if (exchange.conversation_id.empty()) return 0;
  Digests now;
  for (const auto& message : exchange.input) now.push_back(digest_of(message));
  Digests& before = shown_[exchange.capture.side + exchange.conversation_id];
  const auto same = std::mismatch(now.begin(), now.end(), before.begin(), before.end()).first;
  const auto common = static_cast<size_t>(same - now.begin());
  for (const auto& message : exchange.output) now.push_back(digest_of(message));
  before = std::move(now);
  // What was asked last is always shown.
  return std::min(common, exchange.input.empty() ? 0 : exchange.input.size() - 1);
}

void TreeView::print(const Terminal& terminal, const llm::Exchange& exchange,
                     const std::vector<detect::Finding>& findings) {
  if (!first_) fmt::print(terminal.out, "\n");
  first_ = false;
  Printer printer(terminal, full_);
  printer.headline(exchange);
  const size_t folded = shown_before(exchange);
  const bool fold = !full_ && folded > 0;
  if (!fold) {
    for (const auto& part : exchange.system_instructions)
      printer.row("system", kMagenta, text_of(part));
  }
  printer.findings_of(findings, -1);
  if (fold) printer.more(fmt::format("... {} earlier messages, shown above", folded));
  int index = 0;
  for (const auto* messages : {&exchange.input, &exchange.output}) {
    for (const auto& message : *messages) {
      if (!fold || static_cast<size_t>(index) >= folded) printer.message(message);
      printer.findings_of(findings, index++);
    }
  }
  if (!exchange.error_message.empty()) printer.row("error", kRed, exchange.error_message);
  printer.footer(exchange);
}

}  // namespace sonde::app
