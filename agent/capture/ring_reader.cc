#include "agent/capture/ring_reader.h"

#include <cerrno>

#include <bpf/libbpf.h>
#include <time.h>

#include "agent/capture/half_joiner.h"
#include "agent/capture/record_opener.h"
#include "agent/capture/record_queue.h"

namespace sonde::capture {
namespace {

constexpr int kPollMs = 100;

uint64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

struct FreeRing {
  void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
};

}  // namespace

struct RingReader::Impl {
  Impl(Counters& all_counters, RecordSink sink)
      : counters(all_counters),
        joiner(all_counters, std::move(sink)),
        opener(all_counters, [this](Bytes record) { joiner.on_record(record); }) {}

  Counters& counters;
  HalfJoiner joiner;
  RecordOpener opener;
  std::unique_ptr<ring_buffer, FreeRing> ring;

  // A reservation is as long as its size class; the record in it is as long as its header says.
  static int on_sample(void* context, void* data, size_t size) {
    auto& self = *static_cast<Impl*>(context);
    const Bytes record = first_record({static_cast<const std::byte*>(data), size});
    if (record.empty()) {
      self.counters.add(Count::kEventsMalformed);
      return 0;
    }
    self.counters.add(Count::kEventsReceived);
    self.opener.on_record(record);
    return 0;
  }
};

Result<std::unique_ptr<RingReader>> RingReader::start(int ring_fd, Counters& counters,
                                                      RecordSink sink) {
  auto impl = std::make_unique<Impl>(counters, std::move(sink));
  impl->ring.reset(ring_buffer__new(ring_fd, &Impl::on_sample, impl.get(), nullptr));
  if (!impl->ring) return fail_errno("cannot map the ring buffer", errno);
  return std::unique_ptr<RingReader>(new RingReader(std::move(impl)));
}

RingReader::RingReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      ring_buffer__poll(impl_->ring.get(), kPollMs);
      impl_->joiner.release_overdue(monotonic_ns());
    }
    ring_buffer__consume(impl_->ring.get());
    impl_->joiner.release_all();
  });
}

RingReader::~RingReader() = default;  // jthread requests the stop and joins

}  // namespace sonde::capture
