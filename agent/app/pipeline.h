// Records in, exchanges out: the part that is the same for a live host and for a recording.
// Not thread-safe: one thread owns a pipeline.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

#include "agent/app/process_table.h"
#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/capture/event.h"
#include "agent/llm/call_environment.h"
#include "agent/llm/context.h"
#include "agent/llm/exchange.h"

namespace sonde::app {

class GrowingAnswer;

class Pipeline {
 public:
  using ExchangeSink = std::function<void(llm::Exchange&&)>;
  // Told once of a connection that speaks nothing Sonde knows, so that the kernel may stop copying.
  using IgnoreSink = std::function<void(const capture::ConnectionKey&)>;

  Pipeline(const Limits& limits, Counters& counters, ExchangeSink exchanges,
           IgnoreSink ignored = {});
  ~Pipeline();

  // Connections of processes for which this answers false are ignored. Asked once for each
  // connection, when its first byte comes.
  struct Origin {
    const llm::Process& process;
    const std::string& cgroup;
    const Identity* identity;  // of that cgroup; nullptr: not known yet
  };
  using ProcessFilter = std::function<bool(const Origin&)>;
  void set_process_filter(ProcessFilter filter) { process_filter_ = std::move(filter); }

  // Told of each process that was started (exec), with its ancestors.
  using ProcessSink = std::function<void(const llm::Process&, WallTime)>;
  void set_process_sink(ProcessSink sink) { process_sink_ = std::move(sink); }

  // Stands for API keys in exchanges; without it they have no fingerprint.
  void set_fingerprint(llm::Fingerprint fingerprint) {
    context_.fingerprint = std::move(fingerprint);
  }

  // Told of answers while they come; the process is the one that hears or sends them.
  using ProgressSink = std::function<void(const llm::Process&, const llm::Progress&)>;
  void set_progress(ProgressSink progress) { progress_ = std::move(progress); }

  // Told of the end of answers that are still coming: again and again as they grow, and once more
  // where they pause (look_at_quiet()). `begun` holds what is new and a little before it, and has
  // the id that the whole exchange will have. Not told where a process's container is still being
  // looked up.
  struct Growth {
    size_t code_points_before = 0;  // of the part, in front of what `begun` holds
    size_t input_messages = 0;      // that the request had
    bool pauses = false;            // nothing has come for long: the last word is whole
  };
  using AnswerSink = std::function<void(const llm::Exchange& begun, const Growth&)>;
  void set_answer_sink(AnswerSink answers) { answers_ = std::move(answers); }
  // Cheap; for a live host, now and then. A recording has no pauses.
  void look_at_quiet(MonoTime now);

  // Sees every piece of plaintext first: for the self-test.
  using Listener = std::function<void(uint32_t tgid, Bytes)>;
  void set_listener(Listener listener) { listener_ = std::move(listener); }

  // A buffer of whole records.
  void on_records(Bytes records);
  void on_record(Bytes record);
  // Ends what is in flight.
  void finish();

 private:
  struct Target {
    std::string tls;
    std::string located_by;
  };
  // Complete but for its container, which is being looked up.
  struct Held {
    std::string cgroup;
    MonoTime since;
    llm::Exchange exchange;
  };
  struct Entry;
  using Entries = std::list<std::unique_ptr<Entry>>;  // most recently used first

  void on_exec(const capture::Event& event, const capture::ExecEvent& exec);
  void on_data(const capture::Event& event, const capture::DataEvent& data);
  void on_close(const capture::Event& event, const capture::CloseEvent& close);
  void on_socket(const capture::SocketEvent& socket);
  void evict_idle(MonoTime now);
  void evict_beyond_memory();
  void account(Entry& entry);
  void on_target(const capture::TargetEvent& event);
  Entry& entry_of(const capture::DataEvent& data);
  void erase(Entries::iterator position, http::Ending ending);
  void end_of_process(uint32_t tgid);
  void ignore(Entry& entry, const capture::ConnectionKey& key);
  void complete(Entry& entry, llm::Exchange&& exchange);
  void describe(const Entry& entry, uint64_t number, llm::Exchange& exchange) const;
  void on_progress(Entry& entry, const llm::Progress& progress);
  void look(const Entry& entry, GrowingAnswer& answer, MonoTime now);
  void hand_out(llm::Exchange&& exchange, Identity identity);
  void release(const std::function<bool(const Held&)>& is_due);
  void on_container(const capture::ContainerEvent& event);
  bool out_of_scope(uint32_t tgid) const;
  WallTime wall_of(MonoTime time) const;

  const Limits& limits_;
  Counters& counters_;
  ExchangeSink exchanges_;
  IgnoreSink ignored_;
  ProcessFilter process_filter_;
  ProcessSink process_sink_;
  Listener listener_;
  ProgressSink progress_;
  AnswerSink answers_;
  ProcessTable processes_;
  std::unordered_map<uint32_t, Target> targets_;
  llm::Context context_;  // of all assemblers
  // Told before the first bytes of their connection; bounded like the connections.
  std::unordered_map<std::string, llm::Network> early_sockets_;
  std::deque<Held> held_;  // oldest first
  MonoTime now_;           // of the last event
  size_t held_bytes_ = 0;  // plaintext, over all connections
  // Connections whose answers may be growing: a bounded number is looked at.
  std::set<Entry*> growing_;
  Entries entries_;
  std::unordered_map<std::string, Entries::iterator> by_key_;
  std::chrono::nanoseconds wall_offset_{0};
};

}  // namespace sonde::app
