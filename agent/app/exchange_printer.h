// Exchanges and findings as `trace` and `replay` show them: a line of JSON, or a tree for people.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "agent/app/view/live_region.h"
#include "agent/app/view/terminal.h"
#include "agent/app/view/tree_view.h"
#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/base/result.h"
#include "agent/detect/engine.h"
#include "agent/llm/call_environment.h"
#include "agent/llm/exchange.h"

namespace sonde::app {

struct ViewOptions {
  bool json = false;
  bool findings = false;
  bool only_findings = false;  // exchanges in which something is found; implies findings
  bool full = false;           // the tree folds nothing away
  Colour colour = Colour::kAuto;
};

class ExchangePrinter {
 public:
  // With findings an engine of its own judges each exchange. `out` is borrowed.
  static Result<ExchangePrinter> create(const ViewOptions& options, const Limits& limits,
                                        Counters& counters, std::FILE* out);
  void print(const llm::Exchange& exchange);
  // An answer that is still coming: shown on a terminal until its exchange is printed.
  void progress(const llm::Process& process, const llm::Progress& progress);

 private:
  ExchangePrinter(const ViewOptions& options, std::unique_ptr<detect::Engine> engine,
                  std::FILE* out);
  void print_json(const llm::Exchange& exchange, const std::vector<detect::Finding>& findings);

  ViewOptions options_;
  std::unique_ptr<detect::Engine> engine_;
  std::FILE* out_;
  TreeView tree_;
  LiveRegion live_;
};

}  // namespace sonde::app
