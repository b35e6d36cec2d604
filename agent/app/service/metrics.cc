#include "agent/app/service/metrics.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

namespace sonde::app {
namespace {

// OpenMetrics 1.0, "Escaping": backslash, quote, line feed.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

constexpr std::string_view type_name(Metric::Type type) {
  switch (type) {
    case Metric::Type::kGauge:
      return "gauge";
    case Metric::Type::kCounter:
      return "counter";
    case Metric::Type::kInfo:
      return "info";
  }
  return "";
}

constexpr std::string_view suffix_of(Metric::Type type) {
  switch (type) {
    case Metric::Type::kGauge:
      return "";
    case Metric::Type::kCounter:
      return "_total";
    case Metric::Type::kInfo:
      return "_info";
  }
  return "";
}

void append_family(std::string_view name, std::string_view type, std::string_view help,
                   std::string& out) {
  fmt::format_to(std::back_inserter(out), "# TYPE {0} {1}\n# HELP {0} {2}\n", name, type, help);
}

void append_sample(const Metric& metric, std::string& out) {
  out += metric.name;
  out += suffix_of(metric.type);
  char open = '{';
  for (const auto& [name, value] : metric.labels) {
    fmt::format_to(std::back_inserter(out), "{}{}=\"{}\"", open, name, escaped(value));
    open = ',';
  }
  if (open == ',') out += '}';
  const double value = metric.type == Metric::Type::kInfo ? 1 : metric.value;
  fmt::format_to(std::back_inserter(out), " {}\n", value);
}

double resident_bytes() {
  uint64_t total_pages = 0;
  uint64_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> total_pages >> resident_pages;
  return static_cast<double>(resident_pages) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double open_descriptors() {
  std::error_code none;
  const std::filesystem::directory_iterator entries("/proc/self/fd", none);
  // The one that reads the directory is not counted.
  return none ? 0 : static_cast<double>(std::distance(begin(entries), end(entries)) - 1);
}

}  // namespace

std::string render_openmetrics(const Counters& counters, std::span<const Metric> metrics) {
  std::string out;
  out.reserve(kCounterCount * 160);
  for (size_t i = 0; i < kCounterCount; ++i) {
    const std::string name = fmt::format("sonde_{}", kCounterInfo[i].name);
    append_family(name, "counter", kCounterInfo[i].help, out);
    fmt::format_to(std::back_inserter(out), "{}_total {}\n", name,
                   counters.value(static_cast<Count>(i)));
  }
  std::string_view family;
  for (const Metric& metric : metrics) {
    if (metric.name != family) append_family(metric.name, type_name(metric.type), metric.help, out);
    family = metric.name;
    append_sample(metric, out);
  }
  return out + "# EOF\n";
}

std::vector<Metric> process_metrics(const std::string& version) {
  using Type = Metric::Type;
  return {
      {Type::kInfo, "sonde_build", "Version of the agent", 0, {{"version", version}}},
      {Type::kCounter, "process_cpu_seconds", "CPU time spent", cpu_seconds(), {}},
      {Type::kGauge, "process_resident_memory_bytes", "Memory in use", resident_bytes(), {}},
      {Type::kGauge, "process_open_fds", "Open file descriptors", open_descriptors(), {}},
  };
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
