// Every drop and every failure that hostile or unlucky input can cause is a number with a name.
//
// One Counters object per agent, shared by all threads: relaxed atomics, a cache line per counter.
// Names end up in metrics (sonde_<name>_total), in `sonde doctor` and in the footer of `trace`.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace sonde {

// X(enumerator, "metric_name", "help"): grouped by the stage that counts.
#define SONDE_COUNTERS(X)                                                                        \
  X(EventsReceived, "events_received", "Records taken from the kernel ring buffer")              \
  X(BytesCaptured, "bytes_captured", "Plaintext bytes received from the kernel")                 \
  X(BytesLostRingFull, "bytes_lost_ring_full", "Plaintext bytes lost: ring buffer full")         \
  X(BytesLostFault, "bytes_lost_fault", "Plaintext bytes lost: memory not readable")             \
  X(BytesLostTooLong, "bytes_lost_too_long", "Plaintext bytes lost: call above the limit")       \
  X(CallsLostNoEntry, "calls_lost_no_entry", "Returns without a remembered entry")               \
  X(CallsLostMapFull, "calls_lost_map_full", "Calls not followed: kernel map full")              \
  X(ProcessEventsLost, "process_events_lost", "Exec and exit reports lost: ring buffer full")    \
  X(EventsMalformed, "events_malformed", "Records refused by decode()")                          \
  X(BytesLostQueueFull, "bytes_lost_queue_full", "Plaintext bytes lost: pipeline queue full")    \
  X(EventsLostQueueFull, "events_lost_queue_full", "Records lost: pipeline queue full")          \
  X(StreamGaps, "stream_gaps", "Gaps in a stream")                                               \
  X(StreamBytesLost, "stream_bytes_lost", "Bytes inside gaps of a stream")                       \
  X(StreamBytesDuplicate, "stream_bytes_duplicate", "Bytes received twice and ignored")          \
  X(ConnectionsOpened, "connections_opened", "Connections first seen")                           \
  X(ConnectionsEvicted, "connections_evicted", "Connections dropped: table full")                \
  X(ConnectionsNotHttp, "connections_not_http", "Connections that speak no known protocol")      \
  X(ConnectionsOutOfScope, "connections_out_of_scope", "Connections that the scope excludes")    \
  X(HttpHeaderTooBig, "http_header_too_big", "Messages dropped: header section above the limit") \
  X(HttpInvalid, "http_invalid", "Messages dropped: malformed HTTP")                             \
  X(HttpBodyTruncated, "http_body_truncated", "Bodies cut at the limit")                         \
  X(HttpBodyBytesDropped, "http_body_bytes_dropped", "Body bytes above the limit")               \
  X(HttpDecodeFailed, "http_decode_failed", "Content encodings that could not be undone")        \
  X(HttpDecodeBomb, "http_decode_bomb", "Compressed bodies refused: expansion above the limit")  \
  X(HttpPipelineOverflow, "http_pipeline_overflow", "Requests dropped: too many unanswered")     \
  X(HttpResync, "http_resync", "Times a stream was searched for its next message")               \
  X(Http2Invalid, "http2_invalid", "HTTP/2 connections or streams refused")                      \
  X(Http2StreamsDropped, "http2_streams_dropped", "HTTP/2 streams dropped: too many open")       \
  X(ExchangesSeen, "exchanges_seen", "Exchanges with a language model")                          \
  X(ExchangesIgnored, "exchanges_ignored", "HTTP exchanges that are not LLM traffic")            \
  X(ExchangesIncomplete, "exchanges_incomplete", "Exchanges reported with a part missing")       \
  X(RpcCallsDropped, "rpc_calls_dropped", "MCP requests dropped: too many unanswered")           \
  X(JsonRepaired, "json_repaired", "LLM bodies read although they are not strictly JSON")        \
  X(JsonInvalid, "json_invalid", "LLM bodies that are not valid JSON")                           \
  X(TextTruncated, "text_truncated", "Texts cut before detection: above the limit")              \
  X(FindingsRaised, "findings_raised", "Findings")                                               \
  X(FindingsSuppressed, "findings_suppressed", "Findings suppressed by a rule")                  \
  X(FindingsDropped, "findings_dropped", "Findings dropped: above the limit per exchange")       \
  X(AlertsRaised, "alerts_raised", "Alerts")                                                     \
  X(AlertsDeduplicated, "alerts_deduplicated", "Alerts merged into an earlier one")              \
  X(SpoolDropped, "spool_dropped", "Spool entries dropped: spool full")                          \
  X(SpoolCorrupt, "spool_corrupt", "Spool entries unreadable")                                   \
  X(SinkQueueFull, "sink_queue_full", "Records dropped: a sink does not keep up")                \
  X(SinkFailed, "sink_failed", "Records that a sink could not write")                            \
  X(SinkDelivered, "sink_delivered", "Entries accepted by a sink")                               \
  X(SinkRetries, "sink_retries", "Delivery attempts that failed and will be repeated")           \
  X(SinkRejected, "sink_rejected", "Entries a sink refused for good")                            \
  X(ProbesAttached, "probes_attached", "Probes attached")                                        \
  X(ProbesFailed, "probes_failed", "Probes that could not be attached")                          \
  X(TriggersLost, "triggers_lost", "Exec and mmap triggers lost; a sweep makes up for them")     \
  X(CgroupsNotAsked, "cgroups_not_asked", "Cgroups whose container was not looked up: too many") \
  X(KubeletFailed, "kubelet_failed", "Questions that the kubelet did not answer")                \
  X(ExchangesNotHeld, "exchanges_not_held", "Exchanges reported before their container was known")

enum class Count : uint16_t {
#define SONDE_ENUMERATE(name, metric, help) k##name,
  SONDE_COUNTERS(SONDE_ENUMERATE)
#undef SONDE_ENUMERATE
};

struct CounterInfo {
  std::string_view name;
  std::string_view help;
};

inline constexpr auto kCounterInfo = std::to_array<CounterInfo>({
#define SONDE_DESCRIBE(name, metric, help) {metric, help},
    SONDE_COUNTERS(SONDE_DESCRIBE)
#undef SONDE_DESCRIBE
});
inline constexpr size_t kCounterCount = kCounterInfo.size();

// Thread-safe. Values only grow.
class Counters {
 public:
  void add(Count count, uint64_t amount = 1) {
    slot(count).fetch_add(amount, std::memory_order_relaxed);
  }
  uint64_t value(Count count) const {
    return slots_[static_cast<size_t>(count)].value.load(std::memory_order_relaxed);
  }

 private:
  struct alignas(64) Slot {
    std::atomic<uint64_t> value{0};
  };
  std::atomic<uint64_t>& slot(Count count) { return slots_[static_cast<size_t>(count)].value; }

  std::array<Slot, kCounterCount> slots_;
};

}  // namespace sonde
