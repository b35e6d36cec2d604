#include "agent/app/service/metrics.h"

#include <fmt/format.h>

namespace sonde::app {

std::string render_openmetrics(const Counters& counters, std::span<const Metric> metrics) {
  std::string out;
  out.reserve(kCounterCount * 160);
  for (size_t i = 0; i < kCounterCount; ++i) {
    const std::string name = fmt::format("sonde_{}", kCounterInfo[i].name);
    append_counter(name, kCounterInfo[i].help, counters.value(static_cast<Count>(i)), out);
  }
  append_metrics(metrics, out);
  return out + "# EOF\n";
}

std::vector<Metric> service_metrics(const ServiceState& state) {
  const auto processes = [](const char* heard, uint64_t count) {
    return Metric{Metric::Type::kGauge,
                  "sonde_processes",
                  "Processes with a TLS stack, by whether probes cover it",
                  static_cast<double>(count),
                  {{"heard", heard}}};
  };
  std::vector<Metric> metrics = {processes("true", state.processes_heard),
                                 processes("false", state.processes_not_heard)};
  using Sink = ServiceState::Sink;
  struct Family {
    Metric::Type type;
    const char* name;
    const char* help;
    uint64_t Sink::* member;
  };
  constexpr Family kFamilies[] = {
      {Metric::Type::kGauge, "sonde_delivery_waiting", "Records that wait in a sink's spool",
       &Sink::waiting},
      {Metric::Type::kCounter, "sonde_delivery_delivered", "Records a sink took", &Sink::delivered},
      {Metric::Type::kCounter, "sonde_delivery_retries", "Batches a sink did not take, tried again",
       &Sink::retries},
      {Metric::Type::kCounter, "sonde_delivery_refused", "Records a sink refused for good",
       &Sink::refused},
  };
  for (const Family& family : kFamilies) {
    for (const Sink& sink : state.sinks) {
      metrics.push_back({family.type,
                         family.name,
                         family.help,
                         static_cast<double>(sink.*family.member),
                         {{"sink", sink.name}}});
    }
  }
  return metrics;
}

Metric suppression_metric(const std::string& rule, uint64_t findings) {
  return {Metric::Type::kCounter,
          "sonde_suppressed_findings",
          "Findings that a suppression rule kept back",
          static_cast<double>(findings),
          {{"rule", rule}}};
}

}  // namespace sonde::app
