// From an exchange to its findings on one core, with Vectorscan alone over the same bytes beside
// it: first the engine's own literals, then the pass with the secrets' and patterns' expressions,
// then the whole engine, for texts that the learned model judges (user, tool) and does not
// (assistant).
#include <array>
#include <string>

#include <benchmark/benchmark.h>

#include "agent/detect/engine.h"
#include "agent/detect/secret_finder.h"

namespace {

using namespace sonde;  // NOLINT(google-build-using-namespace): a benchmark's only namespace

constexpr std::string_view kProse =
    "The committee met on Tuesday to discuss the new library. Several members asked how the money "
    "would be spent, and whether the old building could be kept. Please send your comments before "
    "the end of the month to the office; the key question is when the work should begin.\n";
constexpr std::string_view kCode =
    "def load(path, token=None):\n    client = connect(host, port=5432, timeout=30)\n"
    "    if token is None:\n        raise ValueError('no access token for ' + path)\n"
    "    return client.get(\"https://api.service.test/v1/items?id=42\", auth=token)\n";
constexpr std::string_view kJson =
    R"({"id": 48213, "status": "shipped", "items": [{"sku": "A-99", "price": 39.9}], "user": {"name": "Ada", "mail": "ada@shop.test"}, "note": "Leave it at the door."})"
    "\n";
constexpr std::array<std::string_view, 3> kTexts = {kProse, kCode, kJson};

std::string repeated(std::string_view unit, size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += unit;
  return text;
}

std::string text_of(const benchmark::State& state) {
  return repeated(kTexts[static_cast<size_t>(state.range(0))], static_cast<size_t>(state.range(1)));
}

void count_bytes(benchmark::State& state, size_t bytes) {
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(bytes));
}

struct Finders {
  detect::LiteralSetBuilder builder;
  detect::SecretFinder secrets = std::move(*detect::SecretFinder::create(builder));
  detect::PatternFinder patterns = std::move(*detect::PatternFinder::create(builder));
  detect::LiteralSet literals = std::move(*detect::LiteralSet::create(builder));
};

void vectorscan_alone(benchmark::State& state) {
  const Finders finders;
  const std::string text = text_of(state);
  for (auto _ : state) {
    size_t hits = 0;
    finders.literals.scan(text, [&](const detect::LiteralHit&) { ++hits; });
    benchmark::DoNotOptimize(hits);
  }
  count_bytes(state, text.size());
}

void secrets_and_patterns(benchmark::State& state) {
  const Finders finders;
  const std::string text = text_of(state);
  std::vector<detect::PatternMatch> matches;
  for (auto _ : state) {
    matches.clear();
    benchmark::DoNotOptimize(
        finders.secrets.find(text, finders.literals, finders.patterns, matches));
  }
  count_bytes(state, text.size());
}

void engine(benchmark::State& state, llm::Zone zone) {
  const Limits limits;
  Counters counters;
  detect::EngineConfig config;
  config.fingerprint_key = "0123456789abcdef0123456789abcdef";
  auto made = detect::Engine::create(config, limits, counters);
  const std::string text = text_of(state);
  uint64_t number = 0;
  for (auto _ : state) {
    state.PauseTiming();
    llm::Exchange exchange;
    llm::Message message{.role = std::string(llm::to_string(zone)), .zone = zone};
    const bool tool = zone == llm::Zone::kTool;
    // A number in front: verdicts on texts that came before are remembered.
    message.parts.push_back({.type = tool ? llm::PartType::kToolCallResponse : llm::PartType::kText,
                             .content = std::to_string(++number) + " " + text});
    (zone == llm::Zone::kAssistant ? exchange.output : exchange.input).push_back(message);
    state.ResumeTiming();
    benchmark::DoNotOptimize((*made)->inspect(exchange));
  }
  count_bytes(state, text.size());
}

void engine_user(benchmark::State& state) { engine(state, llm::Zone::kUser); }
void engine_tool(benchmark::State& state) { engine(state, llm::Zone::kTool); }
void engine_assistant(benchmark::State& state) { engine(state, llm::Zone::kAssistant); }

#define SIZES ArgsProduct({{0, 1, 2}, {4096, 262144}})->ArgNames({"text", "bytes"})
BENCHMARK(vectorscan_alone)->SIZES;
BENCHMARK(secrets_and_patterns)->SIZES;
BENCHMARK(engine_assistant)->SIZES;
BENCHMARK(engine_user)->SIZES;
BENCHMARK(engine_tool)->SIZES;

}  // namespace
