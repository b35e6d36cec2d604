// Exchanges and findings as `trace` and `replay` show them: a line of JSON, or a tree for people.
#pragma once

#include <cstdio>
#include <memory>

#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/base/result.h"
#include "agent/detect/engine.h"
#include "agent/llm/exchange.h"

namespace sonde::app {

struct PrintOptions {
  bool json = false;
  bool findings = false;
  bool colour = false;
};

class ExchangePrinter {
 public:
  // With findings an engine of its own judges each exchange. `out` is borrowed.
  static Result<ExchangePrinter> create(const PrintOptions& options, const Limits& limits,
                                        Counters& counters, std::FILE* out);
  void print(const llm::Exchange& exchange);

 private:
  ExchangePrinter(const PrintOptions& options, std::unique_ptr<detect::Engine> engine,
                  std::FILE* out)
      : options_(options), engine_(std::move(engine)), out_(out) {}
  void print_tree(const llm::Exchange& exchange, const std::vector<detect::Finding>& findings);

  PrintOptions options_;
  std::unique_ptr<detect::Engine> engine_;
  std::FILE* out_;
};

}  // namespace sonde::app
