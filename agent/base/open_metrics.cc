#include "agent/base/open_metrics.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

namespace sonde {
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

// Fields of proc_pid_stat(5) and proc_stat(5): ticks after the host's start, and when that was.
double start_time() {
  constexpr int kBeforeStart = 19;  // fields between the name's ')' and starttime
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  std::istringstream fields(line.substr(std::min(line.rfind(')') + 1, line.size())));
  std::string skipped;
  for (int i = 0; i < kBeforeStart; ++i) fields >> skipped;
  double ticks = 0;
  fields >> ticks;
  double boot = 0;
  std::ifstream stat("/proc/stat");
  while (std::getline(stat, line)) {
    if (line.starts_with("btime ")) boot = std::strtod(line.c_str() + 6, nullptr);
  }
  return boot + ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double open_descriptors() {
  std::error_code none;
  const std::filesystem::directory_iterator entries("/proc/self/fd", none);
  // The one that reads the directory is not counted.
  return none ? 0 : static_cast<double>(std::distance(begin(entries), end(entries)) - 1);
}

}  // namespace

void append_counter(std::string_view name, std::string_view help, uint64_t value,
                    std::string& out) {
  append_family(name, "counter", help, out);
  fmt::format_to(std::back_inserter(out), "{}_total {}\n", name, value);
}

void append_metrics(std::span<const Metric> metrics, std::string& out) {
  std::string_view family;
  for (const Metric& metric : metrics) {
    if (metric.name != family) append_family(metric.name, type_name(metric.type), metric.help, out);
    family = metric.name;
    append_sample(metric, out);
  }
}

std::vector<Metric> process_metrics(std::string_view program, const std::string& version) {
  using Type = Metric::Type;
  return {
      {Type::kInfo,
       fmt::format("{}_build", program),
       "Version of the program",
       0,
       {{"version", version}}},
      {Type::kCounter, "process_cpu_seconds", "CPU time spent", cpu_seconds(), {}},
      {Type::kGauge, "process_resident_memory_bytes", "Memory in use", resident_bytes(), {}},
      {Type::kGauge, "process_start_time_seconds", "Start, in Unix time", start_time(), {}},
      {Type::kGauge, "process_open_fds", "Open file descriptors", open_descriptors(), {}},
  };
}

}  // namespace sonde
