// Hearing this host: probes, attacher, ring reader and the search for containers and pods, feeding
// one queue of records.
#pragma once

#include <memory>
#include <string>

#include "agent/alert/records.h"
#include "agent/app/identity/identity_resolver.h"
#include "agent/attach/attacher.h"
#include "agent/attach/probe_set.h"
#include "agent/base/counters.h"
#include "agent/base/result.h"
#include "agent/capture/record_queue.h"
#include "agent/capture/ring_reader.h"
#include "agent/config/config.h"

namespace sonde::app {

struct LiveCaptureOptions {
  size_t ring_bytes = size_t{32} << 20;
  size_t queue_bytes = size_t{64} << 20;
  std::filesystem::path cache_folder;  // of located files; empty: not kept
  IdentityOptions identity;
  // Of connections heard without TLS.
  std::vector<uint32_t> plain_http_ports{config::kPlainHttpPorts.begin(),
                                         config::kPlainHttpPorts.end()};
  bool stdio = true;  // hear MCP servers over standard input and output
};

// What the configuration says of it.
IdentityOptions identity_options(const config::Config& config);

class LiveCapture {
 public:
  // Returns when listening. `counters` is borrowed.
  static Result<std::unique_ptr<LiveCapture>> start(const LiveCaptureOptions& options,
                                                    Counters& counters);
  ~LiveCapture();

  capture::RecordQueue& queue() { return queue_; }
  attach::ProbeSet& probes() { return *probes_; }
  attach::Attacher& attacher() { return *attacher_; }
  // Each process that has a TLS stack mapped: heard, or why not. Walks /proc.
  std::vector<alert::CoverageEntry> process_coverage() const;
  // "listening: 42 probes in 3 files, ..."
  std::string summary() const;
  // Stops hearing: what the ring still holds goes to the queue, which is then closed.
  void stop();
  // Brings the kernel's totals of what was lost into the counters.
  void update_losses();
  // To be called every now and then: notices that the time of day was set, or that the host slept,
  // and says so to those who take from the queue. One thread.
  void follow_clock();

 private:
  LiveCapture(const LiveCaptureOptions& options, Counters& counters);

  Counters& counters_;
  int64_t told_offset_ns_ = 0;  // of CLOCK_REALTIME from CLOCK_MONOTONIC; 0: nothing said yet
  capture::RecordQueue queue_;
  attach::LocateCache cache_;
  std::unique_ptr<attach::ProbeSet> probes_;
  std::unique_ptr<capture::RingReader> reader_;
  std::unique_ptr<IdentityResolver> identities_;
  std::unique_ptr<attach::Attacher> attacher_;
  std::array<uint64_t, SONDE_LOSS_REASONS> reported_losses_{};
};

}  // namespace sonde::app
