#include "agent/app/exchange_printer.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "agent/app/host_facts.h"
#include "agent/detect/finding_json.h"
#include "agent/llm/exchange_json.h"

namespace sonde::app {

ExchangePrinter::ExchangePrinter(const ViewOptions& options, std::unique_ptr<detect::Engine> engine,
                                 std::FILE* out)
    : options_(options), engine_(std::move(engine)), out_(out), tree_(options.full) {}

Result<ExchangePrinter> ExchangePrinter::create(const ViewOptions& options, const Limits& limits,
                                                Counters& counters, std::FILE* out) {
  std::unique_ptr<detect::Engine> engine;
  if (options.findings || options.only_findings) {
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
  if (options_.only_findings && findings.empty()) return;
  if (options_.json) {
    print_json(exchange, findings);
  } else {
    const Terminal terminal = Terminal::of(out_, options_.colour);
    live_.erase(terminal);
    tree_.print(terminal, exchange, findings);
    live_.draw(terminal);
  }
  std::fflush(out_);
}

void ExchangePrinter::progress(const llm::Process& process, const llm::Progress& progress) {
  if (options_.json) return;
  if (progress.ended) return live_.end(progress.call);
  live_.update(Terminal::of(out_, options_.colour), progress.call,
               speaker_of(process, progress.exchange), progress.text);
}

void ExchangePrinter::print_json(const llm::Exchange& exchange,
                                 const std::vector<detect::Finding>& findings) {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& finding : findings)
    list.push_back(nlohmann::json::parse(detect::finding_json(finding)));
  fmt::print(out_, "{}\n", llm::exchange_json(exchange, engine_ ? &list : nullptr));
}

}  // namespace sonde::app
