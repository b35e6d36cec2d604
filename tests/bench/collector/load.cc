// collector_load URL CA_FILE TOKEN_FILE ALERTS BATCH CONNECTIONS FIRST PID BEGIN: delivers made-up
// alerts as agents do (NDJSON, zstd, keep-alive) and prints one line of JSON with what it measured,
// the CPU time that process PID took for it included. Alert number 0 happened at BEGIN
// (milliseconds since 1970).
//
// Batches are made before the clock starts, so that the client costs as little as it can.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <curl/curl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zstd.h>

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string url;
  std::string ca_file;
  std::string token;
  size_t alerts;
  size_t batch;
  size_t connections;
  size_t first;
  int64_t begin_ms;
};

constexpr int64_t kSpacingMs = 777;

// About the size and variety of real alerts: 1.7 kB, hosts, applications and models from small
// sets, two to three alerts of a conversation, one secret fingerprint in a thousand alerts shared.
// They are as far apart as ten million in ninety days.
std::string alert_line(const Options& options, size_t number, std::mt19937_64& random) {
  static constexpr const char* kAlerts[] = {"credential.response",    "prompt_attack.user",
                                            "prompt_attack.document", "tool.tainted_call",
                                            "sensitive_data.prompt",  "ascii_smuggling"};
  static constexpr const char* kModels[] = {"gpt-4o", "claude-sonnet-4", "gemini-2.5-pro",
                                            "llama3"};
  // Of ten alerts one is critical, two are high.
  static constexpr int kSeverities[] = {2, 2, 3, 3, 3, 3, 3, 4, 4, 5};
  const uint64_t r = random();
  const int64_t time = options.begin_ms + static_cast<int64_t>(number) * kSpacingMs;
  std::string words;
  for (int i = 0; i < 24; ++i)
    fmt::format_to(std::back_inserter(words), "word{} ", random() % 5000);
  std::string answer;
  for (int i = 0; i < 40; ++i)
    fmt::format_to(std::back_inserter(answer), "said{} ", random() % 20000);
  return fmt::format(
      R"({{"type":"alert","alert":{{"class_uid":2004,"category_uid":2,"activity_id":1,)"
      R"("time":{},"severity_id":{},"severity":"Medium","finding_info":{{"uid":"{:016x}{:016x}",)"
      R"("title":"Suspicious text in an exchange with a model","types":["{}"]}},)"
      R"("confidence_score":{},"device":{{"hostname":"host-{}","uid":"u{}"}},"actor":{{"process":)"
      R"({{"pid":{},"cmd_line":"node /srv/app.js","file":{{"path":"/usr/bin/node"}}}}}},)"
      R"("ai_model":{{"name":"{}","ai_provider":"openai"}},"unmapped":{{"sonde":{{)"
      R"("application":"app-{}","zone":"user","conversation_id":"c{}","source_ip":"10.0.{}.{}",)"
      R"("evidence":{{"text":"{}","start":3,"end":90,"message_index":1}},"entities":[)"
      R"({{"type":"process","value":"host-{}/{}"}},{{"type":"secret","value":"fp:{:x}"}}],)"
      R"("context":[{{"role":"user","zone":"user","text":"{}"}},)"
      R"({{"role":"assistant","zone":"assistant","text":"{}"}}]}}}}}}}})",
      time, kSeverities[r % 10], number * 0x9E3779B97F4A7C15ULL, r, kAlerts[(r >> 4) % 6], r % 101,
      r % 200, r % 200, r % 60000, kModels[(r >> 8) % 4], (r >> 16) % 50, number / 3,
      (r >> 24) % 250, (r >> 32) % 250, words, r % 200, (r >> 40) % 5000,
      number % 1000 ? r : r % 100, words, answer);
}

// One exchange in ten alerts tells what was used.
std::string activity_line(const Options& options, size_t number, std::mt19937_64& random) {
  const uint64_t r = random();
  const std::chrono::sys_time<std::chrono::milliseconds> time(std::chrono::milliseconds(
      options.begin_ms + static_cast<int64_t>(number) * kSpacingMs));
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format(
      R"({{"type":"activity","activity":{{"id":"{:012x}-{:016x}","start_time":)"
      R"("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z","hostname":"host-{}","application":"app-{}",)"
      R"("gen_ai.provider.name":"openai","gen_ai.request.model":"gpt-4o","tools":["tool-{}"],)"
      R"("gen_ai.usage.input_tokens":{},"gen_ai.usage.output_tokens":{}}}}})",
      time.time_since_epoch().count(), r, int{date.year()}, unsigned{date.month()},
      unsigned{date.day()}, clock.hours().count(), clock.minutes().count(),
      clock.seconds().count(), r % 200, (r >> 16) % 50, (r >> 24) % 100, r % 5000, r % 900);
}

std::string make_batch(const Options& options, size_t from) {
  std::mt19937_64 random(from);
  std::string text;
  for (size_t i = 0; i < options.batch; ++i) {
    text += alert_line(options, from + i, random) + "\n";
    if (i % 10 == 0) text += activity_line(options, from + i, random) + "\n";
  }
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 1));
  return packed;
}

size_t discard(char*, size_t size, size_t count, void*) { return size * count; }

CURL* open_connection(const Options& options, curl_slist* headers) {
  CURL* curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, (options.url + "/api/v1/ingest").c_str());
  curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_file.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, discard);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 120L);
  return curl;
}

// User and system time of a process, in seconds (proc(5), fields 14 and 15).
double cpu_seconds(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string field;
  double ticks = 0;
  for (int i = 1; i <= 15 && file >> field; ++i) {
    if (i >= 14) ticks += std::strtod(field.c_str(), nullptr);
  }
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<size_t>(share * values.size()))];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 10) {
    fmt::print(
        stderr,
        "usage: collector_load URL CA_FILE TOKEN_FILE ALERTS BATCH CONNECTIONS FIRST PID BEGIN\n");
    return 2;
  }
  Options options{argv[1],
                  argv[2],
                  "",
                  std::strtoull(argv[4], nullptr, 10),
                  std::strtoull(argv[5], nullptr, 10),
                  std::strtoull(argv[6], nullptr, 10),
                  std::strtoull(argv[7], nullptr, 10),
                  std::strtoll(argv[9], nullptr, 10)};
  std::ifstream(argv[3]) >> options.token;
  std::vector<std::string> batches;
  for (size_t at = 0; at < options.alerts; at += options.batch) {
    batches.push_back(make_batch(options, options.first + at));
  }
  curl_slist* headers =
      curl_slist_append(nullptr, ("Authorization: Bearer " + options.token).c_str());
  headers = curl_slist_append(headers, "Content-Encoding: zstd");
  headers = curl_slist_append(headers, "Content-Type: application/x-ndjson");
  std::atomic<size_t> next = 0;
  std::atomic<size_t> retries = 0;
  std::atomic<size_t> failures = 0;
  std::mutex mutex;
  std::vector<double> latencies;
  const double cpu_before = cpu_seconds(argv[8]);
  const auto began = Clock::now();
  std::vector<std::thread> senders;
  for (size_t i = 0; i < options.connections; ++i) {
    senders.emplace_back([&] {
      CURL* curl = open_connection(options, headers);
      for (size_t index = next++; index < batches.size(); index = next++) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(batches[index].size()));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, batches[index].data());
        for (long status = 0; status != 200;) {
          const auto start = Clock::now();
          if (curl_easy_perform(curl) == CURLE_OK) {
            curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
          }
          const std::chrono::duration<double, std::milli> took = Clock::now() - start;
          if (status == 200) {
            const std::lock_guard lock(mutex);
            latencies.push_back(took.count());
          } else if (status == 429 || status == 503) {
            ++retries;
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
          } else {
            ++failures;
            break;
          }
        }
      }
      curl_easy_cleanup(curl);
    });
  }
  for (std::thread& sender : senders) sender.join();
  const std::chrono::duration<double> took = Clock::now() - began;
  const double cpu = cpu_seconds(argv[8]) - cpu_before;
  const size_t sent = batches.size() * options.batch;
  fmt::print(R"({{"alerts":{},"seconds":{:.2f},"alerts_per_second":{:.0f},"batch_p50_ms":{:.1f},)"
             R"("batch_p99_ms":{:.1f},"retries":{},"failures":{},"cpu_seconds":{:.2f}}})"
             "\n",
             sent, took.count(), static_cast<double>(sent) / took.count(),
             percentile(latencies, 0.5), percentile(latencies, 0.99), retries.load(),
             failures.load(), cpu);
  curl_slist_free_all(headers);
  return failures ? 1 : 0;
}
