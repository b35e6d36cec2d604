#include "agent/app/talk.h"

#include <array>
#include <utility>

#include "agent/conn/connection.h"
#include "agent/conn/stream.h"
#include "agent/llm/assembler.h"
#include "agent/llm/mcp_stdio.h"

namespace sonde::app {
namespace {

class HttpTalk final : public Talk {
 public:
  HttpTalk(const capture::DataEvent& first, bool joined_late, const Shared& shared, Sink sink)
      : assembler_(shared.limits, shared.counters, std::move(sink), &shared.context),
        connection_(first.connection, first.target, joined_late, assembler_, shared.limits,
                    shared.counters) {}

  void set_progress(const ProgressSink& sink) override { assembler_.set_progress(sink); }
  void set_time(MonoTime mono, WallTime wall) override { assembler_.set_time(mono, wall); }
  void on_data(const capture::DataEvent& event) override { connection_.on_data(event); }
  void on_close(const capture::CloseEvent& event) override { connection_.on_close(event); }
  void finish(http::Ending ending) override {
    connection_.finish(ending);
    assembler_.finish();
  }
  bool worth_hearing() const override { return connection_.worth_hearing(); }
  std::string_view side() const override {
    return connection_.side() == http::Side::kServer ? "server" : "client";
  }
  bool joined_late() const override { return connection_.joined_late(); }
  uint64_t lost_bytes() const override { return connection_.lost_bytes(); }
  size_t held_bytes() const override { return assembler_.held_bytes(); }

 private:
  llm::Assembler assembler_;
  conn::Connection connection_;
};

class StdioTalk final : public Talk {
 public:
  StdioTalk(const capture::DataEvent& first, bool joined_late, const Shared& shared, Sink sink)
      : is_server_(first.server_end),
        joined_late_(joined_late),
        streams_{conn::Stream(shared.counters), conn::Stream(shared.counters)},
        mcp_(shared.limits, shared.counters, shared.context, std::move(sink)) {}

  void set_time(MonoTime mono, WallTime wall) override { mcp_.set_time(mono, wall); }
  void on_data(const capture::DataEvent& event) override {
    feed(event.sent, event.position, event.bytes, event.original_bytes);
  }
  void on_close(const capture::CloseEvent& event) override {
    feed(false, event.end_position[0], {}, 0);
    feed(true, event.end_position[1], {}, 0);
    mcp_.finish();
  }
  void finish(http::Ending /*ending*/) override { mcp_.finish(); }
  bool worth_hearing() const override { return mcp_.worth_hearing(); }
  std::string_view side() const override { return is_server_ ? "server" : "client"; }
  bool joined_late() const override { return joined_late_; }
  uint64_t lost_bytes() const override {
    return streams_[0].lost_bytes() + streams_[1].lost_bytes();
  }
  size_t held_bytes() const override { return mcp_.held_bytes(); }

 private:
  void feed(bool sent, uint64_t position, Bytes bytes, uint64_t original) {
    const auto direction = sent ? http::Direction::kSent : http::Direction::kReceived;
    const auto step = streams_[sent ? 1 : 0].advance(position, bytes, original);
    if (step.lost > 0) mcp_.gap(direction, step.lost);
    if (!step.bytes.empty()) mcp_.consume(direction, step.bytes);
    if (step.lost_after > 0) mcp_.gap(direction, step.lost_after);
  }

  bool is_server_;
  bool joined_late_;
  std::array<conn::Stream, 2> streams_;  // received, sent
  llm::McpStdio mcp_;
};

}  // namespace

std::unique_ptr<Talk> Talk::begin(const capture::DataEvent& first, bool joined_late,
                                  const Shared& shared, Sink sink) {
  if (first.target == SONDE_TARGET_STDIO) {
    return std::make_unique<StdioTalk>(first, joined_late, shared, std::move(sink));
  }
  return std::make_unique<HttpTalk>(first, joined_late, shared, std::move(sink));
}

}  // namespace sonde::app
