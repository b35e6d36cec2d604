// What the collector counts, and how it says so (OpenMetrics 1.0 text).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace sonde::api {

// X(enumerator, "metric_name", "help")
#define SONDE_COLLECTOR_COUNTERS(X)                                                             \
  X(Connections, "connections", "TLS connections accepted")                                     \
  X(ConnectionsRefused, "connections_refused", "Connections closed: too many open")             \
  X(AcceptsDelayed, "accepts_delayed", "Pauses because descriptors or memory were short")       \
  X(HandshakesFailed, "handshakes_failed", "TLS handshakes that failed")                        \
  X(RequestsMalformed, "requests_malformed", "Connections ended by a request that is no HTTP")  \
  X(Requests, "requests", "Requests answered")                                                  \
  X(RequestsRefused, "requests_refused", "Requests answered 401 or 403")                        \
  X(RequestsLimited, "requests_limited", "Requests answered 429 or 503")                        \
  X(RequestsFailed, "requests_failed", "Requests answered 500")                                 \
  X(LoginsFailed, "logins_failed", "Logins with a wrong name or password")                      \
  X(IngestBatches, "ingest_batches", "Batches made durable")                                    \
  X(IngestBytes, "ingest_bytes", "Bytes of batches, decoded")                                   \
  X(IngestAccepted, "ingest_accepted", "Records stored")                                        \
  X(IngestDuplicates, "ingest_duplicates", "Records that were stored already")                  \
  X(IngestMisdated, "ingest_misdated", "Records dated at arrival: their host's clock is wrong") \
  X(IngestRejected, "ingest_rejected", "Lines refused for good")                                \
  X(AlertsExpired, "alerts_expired", "Alerts removed by retention")                             \
  X(StoreErrors, "store_errors", "Calls to the store that failed")

enum class Counter : size_t {
#define SONDE_ENUMERATE(name, metric, help) k##name,
  SONDE_COLLECTOR_COUNTERS(SONDE_ENUMERATE)
#undef SONDE_ENUMERATE
};

// Thread-safe; values only grow.
class Metrics {
 public:
  void add(Counter counter, uint64_t amount = 1) {
    values_[static_cast<size_t>(counter)].fetch_add(amount, std::memory_order_relaxed);
  }
  uint64_t value(Counter counter) const {
    return values_[static_cast<size_t>(counter)].load(std::memory_order_relaxed);
  }
  // The counters as text, without the closing "# EOF".
  std::string render() const;

 private:
#define SONDE_COUNT_ONE(name, metric, help) 1 +  // NOLINT(bugprone-macro-parentheses)
  static constexpr size_t kCount = SONDE_COLLECTOR_COUNTERS(SONDE_COUNT_ONE) 0;
#undef SONDE_COUNT_ONE
  std::array<std::atomic<uint64_t>, kCount> values_{};
};

}  // namespace sonde::api
