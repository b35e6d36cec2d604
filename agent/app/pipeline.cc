#include "agent/app/pipeline.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "agent/app/growing_answers.h"
#include "agent/app/talk.h"
#include "agent/capture/record_queue.h"

namespace sonde::app {
namespace {

// An answer comes within seconds, or was lost.
constexpr std::chrono::seconds kMaxHold{10};
constexpr size_t kMaxHeld = 256;
// Connections whose answers are looked at while they come; those of others at their end.
constexpr size_t kMaxGrowing = 256;

std::string key_text(const capture::ConnectionKey& key) {
  return fmt::format("{:08x}{:016x}{:016x}", key.tgid, key.handle, key.generation_ns);
}

}  // namespace

// A connection; what it says is told with its address.
struct Pipeline::Entry {
  Entry(Pipeline& pipeline, const capture::DataEvent& data, bool joined_late)
      : key(data.connection),
        target(data.target),
        talk(Talk::begin(data, joined_late,
                         {pipeline.limits_, pipeline.counters_, pipeline.context_},
                         [this, &pipeline](llm::Exchange&& exchange) {
                           pipeline.complete(*this, std::move(exchange));
                         })) {}

  capture::ConnectionKey key;
  uint32_t target;
  std::unique_ptr<Talk> talk;
  llm::Network network;  // without the host, which the exchange knows
  MonoTime last_heard;
  size_t held_bytes = 0;     // plaintext in the talk, as last accounted for
  uint64_t lost_before = 0;  // bytes, when the last exchange ended
  uint64_t exchanges = 0;
  GrowingAnswers growing;
  uint64_t ended = 0;  // number of the exchange that comes next, where it was looked at before
  bool ignored = false;
};

Pipeline::Pipeline(const Limits& limits, Counters& counters, ExchangeSink exchanges,
                   IgnoreSink ignored)
    : limits_(limits),
      counters_(counters),
      exchanges_(std::move(exchanges)),
      ignored_(std::move(ignored)),
      context_(limits, counters) {}

Pipeline::~Pipeline() = default;

void Pipeline::on_records(Bytes records) {
  while (!records.empty()) {
    const Bytes record = capture::first_record(records);
    if (record.empty()) {
      counters_.add(Count::kEventsMalformed);
      return;
    }
    on_record(record);
    records = records.subspan(record.size());
  }
}

void Pipeline::on_record(Bytes record) {
  const auto event = capture::decode(record);
  if (!event) {
    counters_.add(Count::kEventsMalformed);
    return;
  }
  struct Visitor {
    Pipeline& self;
    const capture::Event& event;
    void operator()(const capture::DataEvent& data) { self.on_data(event, data); }
    void operator()(const capture::CloseEvent& close) { self.on_close(event, close); }
    void operator()(const capture::SocketEvent& socket) { self.on_socket(socket); }
    void operator()(const capture::ExecEvent& exec) { self.on_exec(event, exec); }
    void operator()(const capture::ExitEvent&) { self.end_of_process(event.tgid); }
    void operator()(const capture::ProcessEvent& process) {
      self.processes_.on_process(event.tgid, process);
    }
    void operator()(const capture::ContainerEvent& container) { self.on_container(container); }
    void operator()(const capture::TargetEvent& target) { self.on_target(target); }
    void operator()(const capture::ClockEvent& clock) {
      self.wall_offset_ = clock.wall_time.time_since_epoch() - event.time.time_since_epoch();
    }
    void operator()(const capture::LossEvent&) {}
  };
  now_ = event->time;
  std::visit(Visitor{*this, *event}, event->body);
}

void Pipeline::on_exec(const capture::Event& event, const capture::ExecEvent& exec) {
  processes_.on_exec(event.tgid, exec);
  if (process_sink_) process_sink_(processes_.find(event.tgid), wall_of(event.time));
}

WallTime Pipeline::wall_of(MonoTime time) const {
  return WallTime(time.time_since_epoch() + wall_offset_);
}

void Pipeline::on_target(const capture::TargetEvent& event) {
  const auto json = nlohmann::json::parse(event.json, nullptr, false);
  if (!json.is_object()) return;
  targets_[event.target] = {json.value("tls", std::string()),
                            json.value("located_by", std::string())};
}

void Pipeline::on_data(const capture::Event& event, const capture::DataEvent& data) {
  counters_.add(Count::kBytesCaptured, data.bytes.size());
  if (listener_) listener_(data.connection.tgid, data.bytes);
  evict_idle(event.time);
  if (!held_.empty()) release([&](const Held& held) { return held.since + kMaxHold < now_; });
  Entry& entry = entry_of(data);
  entry.last_heard = event.time;
  if (entry.ignored) return;
  context_.owner = data.connection.tgid;
  entry.talk->set_time(data.entry_time, wall_of(data.entry_time));
  if (!data.sent) entry.talk->set_time(event.time, wall_of(event.time));
  entry.talk->on_data(data);
  if (!entry.talk->worth_hearing()) ignore(entry, data.connection);
  account(entry);
  evict_beyond_memory();
}

void Pipeline::account(Entry& entry) {
  held_bytes_ -= entry.held_bytes;
  entry.held_bytes = entry.talk->held_bytes();
  held_bytes_ += entry.held_bytes;
}

// What was heard last stays longest; the connection just heard is the first of the list.
void Pipeline::evict_beyond_memory() {
  while (held_bytes_ > limits_.plaintext_bytes && entries_.size() > 1) {
    counters_.add(Count::kConnectionsEvicted);
    erase(std::prev(entries_.end()), http::Ending::kNotHeardOn);
  }
}

// A handle whose end was not heard must not be kept for ever.
void Pipeline::evict_idle(MonoTime now) {
  while (!entries_.empty() && entries_.back()->last_heard + limits_.connection_idle < now) {
    erase(std::prev(entries_.end()), http::Ending::kNotHeardOn);
  }
}

void Pipeline::ignore(Entry& entry, const capture::ConnectionKey& key) {
  entry.ignored = true;
  if (ignored_) ignored_(key);
}

Pipeline::Entry& Pipeline::entry_of(const capture::DataEvent& data) {
  const std::string key = key_text(data.connection);
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return *entries_.front();
  }
  if (entries_.size() >= limits_.connections) {
    counters_.add(Count::kConnectionsEvicted);
    erase(std::prev(entries_.end()), http::Ending::kNotHeardOn);
  }
  counters_.add(Count::kConnectionsOpened);
  const bool joined_late = !processes_.heard_from_birth(data.connection.tgid);
  entries_.push_front(std::make_unique<Entry>(*this, data, joined_late));
  by_key_[key] = entries_.begin();
  Entry& entry = *entries_.front();
  if (progress_ || answers_) {
    entry.talk->set_progress(
        [this, &entry](const llm::Progress& progress) { on_progress(entry, progress); });
  }
  if (auto early = early_sockets_.extract(key)) entry.network = std::move(early.mapped());
  if (out_of_scope(data.connection.tgid)) {
    counters_.add(Count::kConnectionsOutOfScope);
    ignore(entry, data.connection);
  }
  return entry;
}

void Pipeline::on_socket(const capture::SocketEvent& socket) {
  llm::Network network;
  network.local = to_string(socket.local);
  network.peer = to_string(socket.peer);
  network.found_by = to_string(socket.found_by);
  const std::string key = key_text(socket.connection);
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    (*found->second)->network = std::move(network);
    return;
  }
  if (early_sockets_.size() >= limits_.connections) early_sockets_.clear();
  early_sockets_[key] = std::move(network);
}

void Pipeline::on_close(const capture::Event& event, const capture::CloseEvent& close) {
  const std::string key = key_text(close.connection);
  early_sockets_.erase(key);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  Entry& entry = **found->second;
  entry.talk->set_time(event.time, wall_of(event.time));
  if (!entry.ignored) entry.talk->on_close(close);
  erase(found->second, http::Ending::kClosed);
}

void Pipeline::erase(Entries::iterator position, http::Ending ending) {
  Entry& entry = **position;
  entry.talk->finish(ending);
  held_bytes_ -= entry.held_bytes;
  growing_.erase(&entry);
  by_key_.erase(key_text(entry.key));
  entries_.erase(position);
}

void Pipeline::end_of_process(uint32_t tgid) {
  for (auto position = entries_.begin(); position != entries_.end();) {
    const auto current = position++;
    if ((*current)->key.tgid == tgid) erase(current, http::Ending::kClosed);
  }
  processes_.on_exit(tgid);
}

void Pipeline::finish() {
  while (!entries_.empty()) erase(entries_.begin(), http::Ending::kNotHeardOn);
  release([](const Held&) { return true; });
}

bool Pipeline::out_of_scope(uint32_t tgid) const {
  if (!process_filter_) return false;
  const std::string cgroup = processes_.cgroup(tgid);
  return !process_filter_({processes_.find(tgid), cgroup, processes_.identity_of(cgroup)});
}

void Pipeline::on_container(const capture::ContainerEvent& event) {
  const std::string cgroup = processes_.on_container(event);
  release([&](const Held& held) { return held.cgroup == cgroup; });
}

void Pipeline::release(const std::function<bool(const Held&)>& is_due) {
  // What is handed out may come back with more: nothing refers into held_ meanwhile.
  std::deque<Held> due;
  for (auto held = held_.begin(); held != held_.end();) {
    if (!is_due(*held)) {
      ++held;
      continue;
    }
    due.push_back(std::move(*held));
    held = held_.erase(held);
  }
  for (Held& held : due) {
    const Identity* identity = processes_.identity_of(held.cgroup);
    hand_out(std::move(held.exchange),
             identity ? *identity : Identity{held.exchange.container, {}});
  }
}

void Pipeline::hand_out(llm::Exchange&& exchange, Identity identity) {
  exchange.container = std::move(identity.container);
  exchange.kubernetes = std::move(identity.kubernetes);
  exchanges_(std::move(exchange));
}

void Pipeline::on_progress(Entry& entry, const llm::Progress& progress) {
  if (progress_) progress_(processes_.find(entry.key.tgid), progress);
  if (!answers_) return;
  if (progress.ended) {
    entry.ended = entry.growing.end(progress.call);
    if (entry.growing.empty()) growing_.erase(&entry);
    return;
  }
  if (growing_.size() >= kMaxGrowing && !growing_.contains(&entry)) return;
  GrowingAnswer* const answer = entry.growing.grow(progress, entry.exchanges, now_);
  if (answer == nullptr) return;
  growing_.insert(&entry);
  if (!answer->is_due(now_)) return;
  answer->update_facts(progress.exchange);
  look(entry, *answer, now_);
}

void Pipeline::look_at_quiet(MonoTime now) {
  for (Entry* const entry : growing_) {
    while (GrowingAnswer* const answer = entry->growing.find_quiet(now)) {
      look(*entry, *answer, now);
    }
  }
}

void Pipeline::look(const Entry& entry, GrowingAnswer& answer, MonoTime now) {
  const uint32_t tgid = entry.key.tgid;
  const std::string cgroup = processes_.cgroup(tgid);
  if (cgroup.empty() || processes_.identity_of(cgroup) != nullptr) {
    llm::Exchange begun = answer.facts();
    describe(entry, answer.number(), begun);
    Identity identity = processes_.identity(tgid);
    begun.container = std::move(identity.container);
    begun.kubernetes = std::move(identity.kubernetes);
    llm::Message message{.role = "assistant", .zone = llm::Zone::kAssistant};
    message.parts.push_back({.type = answer.type()});
    const bool call = answer.type() == llm::PartType::kToolCall;
    (call ? message.parts[0].arguments : message.parts[0].content) = answer.text();
    begun.output.push_back(std::move(message));
    answers_(begun, {answer.code_points_before(), answer.input_messages(), answer.pauses(now)});
  }
  answer.looked(now);
}

void Pipeline::describe(const Entry& entry, uint64_t number, llm::Exchange& exchange) const {
  const capture::ConnectionKey& key = entry.key;
  exchange.id = fmt::format("{:x}-{:x}-{:x}-{:x}", key.generation_ns, key.tgid, key.handle, number);
  exchange.process = processes_.find(key.tgid);
  if (const auto target = targets_.find(entry.target); target != targets_.end()) {
    exchange.capture.tls = target->second.tls;
    exchange.capture.located_by = target->second.located_by;
  }
  exchange.network.local = entry.network.local;
  exchange.network.peer = entry.network.peer;
  exchange.network.found_by = entry.network.found_by;
  exchange.capture.side = entry.talk->side();
}

void Pipeline::complete(Entry& entry, llm::Exchange&& exchange) {
  const Talk& talk = *entry.talk;
  const capture::ConnectionKey& key = entry.key;
  const uint64_t begun = std::exchange(entry.ended, 0);
  describe(entry, begun != 0 ? begun : ++entry.exchanges, exchange);
  // Workers of one program take turns in a conversation; client and server of it are two.
  context_.conversations.link(exchange.capture.side + exchange.process.exe, exchange);
  // Where the gap hid which message it touched, the one that is not whole is it.
  const uint64_t lost_since = talk.lost_bytes() - entry.lost_before;
  entry.lost_before = talk.lost_bytes();
  if (!exchange.capture.complete && exchange.capture.lost_bytes == 0)
    exchange.capture.lost_bytes = lost_since;
  exchange.capture.joined_late = talk.joined_late() && exchange.capture.joined_late;
  Identity identity = processes_.identity(key.tgid);
  std::string cgroup = processes_.cgroup(key.tgid);
  const bool asked = !cgroup.empty() && processes_.identity_of(cgroup) == nullptr;
  if (asked && held_.size() < kMaxHeld) {
    exchange.container = std::move(identity.container);
    held_.push_back({std::move(cgroup), now_, std::move(exchange)});
    return;
  }
  if (asked) counters_.add(Count::kExchangesNotHeld);
  hand_out(std::move(exchange), std::move(identity));
}

}  // namespace sonde::app
