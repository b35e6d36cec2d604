// Hears this host as the agent does and says what it heard: one JSON line per connection with the
// length, the gaps and the SHA-256 of each direction. The kernel tests compare those with what the
// peer of the connection saw. Says "listening" once probes stand; answers each line of its stdin by
// whether a connection has sent something that begins so; reports at the end of stdin.
#include <algorithm>
#include <array>
#include <cstring>
#include <iostream>
#include <map>
#include <mutex>
#include <string>

#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include "agent/attach/attacher.h"
#include "agent/attach/locate_cache.h"
#include "agent/attach/probe_set.h"
#include "agent/capture/event.h"
#include "agent/capture/ring_reader.h"

namespace sonde {
namespace {

using Json = nlohmann::json;

constexpr size_t kHeadBytes = 400;

struct DestroyDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// One direction of one connection.
class HeardStream {
 public:
  HeardStream() : digest_(EVP_MD_CTX_new()) {
    EVP_DigestInit_ex(digest_.get(), EVP_sha256(), nullptr);
  }

  void add(const capture::DataEvent& data) {
    if (data.position > end_) gap_bytes_ += data.position - end_;
    if (data.position < end_) repeated_bytes_ += end_ - data.position;
    gap_bytes_ += data.original_bytes - data.bytes.size();
    end_ = data.position + data.original_bytes;
    bytes_ += data.bytes.size();
    EVP_DigestUpdate(digest_.get(), data.bytes.data(), data.bytes.size());
    if (head_.size() < kHeadBytes) head_ += as_text(data.bytes).substr(0, kHeadBytes);
  }

  // Bytes of the last calls that never came.
  void close_at(uint64_t end) {
    if (end > end_) gap_bytes_ += end - end_;
    end_ = std::max(end, end_);
  }

  const std::string& head() const { return head_; }

  Json to_json() const {
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned length = 0;
    EVP_DigestFinal_ex(digest_.get(), hash.data(), &length);
    std::string hex;
    for (unsigned i = 0; i < length; ++i) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      hex += kDigits[hash[i] >> 4];
      hex += kDigits[hash[i] & 15];
    }
    return {{"bytes", bytes_},
            {"gap_bytes", gap_bytes_},
            {"repeated_bytes", repeated_bytes_},
            {"sha256", hex},
            {"head", head_}};
  }

 private:
  std::unique_ptr<EVP_MD_CTX, DestroyDigest> digest_;
  uint64_t end_ = 0;
  uint64_t bytes_ = 0;
  uint64_t gap_bytes_ = 0;
  uint64_t repeated_bytes_ = 0;
  std::string head_;
};

struct HeardConnection {
  uint32_t target = 0;
  Json network = Json::object();
  std::array<HeardStream, 2> streams;  // received, sent
};

// Fed by the ring reader's and the attacher's threads.
class Ear {
 public:
  void on_record(Bytes record) {
    const auto event = capture::decode(record);
    const std::scoped_lock lock(mutex_);
    if (!event) {
      ++undecoded_;
    } else if (const auto* data = std::get_if<capture::DataEvent>(&event->body)) {
      HeardConnection& connection = connections_[data->connection];
      connection.target = data->target;
      connection.streams[data->sent ? 1 : 0].add(*data);
    } else if (const auto* close = std::get_if<capture::CloseEvent>(&event->body)) {
      const auto found = connections_.find(close->connection);
      if (found == connections_.end()) return;
      for (size_t i = 0; i < 2; ++i) found->second.streams[i].close_at(close->end_position[i]);
    } else if (const auto* socket = std::get_if<capture::SocketEvent>(&event->body)) {
      connections_[socket->connection].network = {{"local", to_string(socket->local)},
                                                  {"peer", to_string(socket->peer)},
                                                  {"found_by", to_string(socket->found_by)}};
    } else if (const auto* target = std::get_if<capture::TargetEvent>(&event->body)) {
      targets_[target->target] = Json::parse(target->json, nullptr, false);
    } else if (const auto* process = std::get_if<capture::ProcessEvent>(&event->body)) {
      processes_[event->tgid] = Json::parse(process->json, nullptr, false);
    }
  }

  // Whether a connection has sent something that begins so.
  bool has_heard(std::string_view start) {
    const std::scoped_lock lock(mutex_);
    return std::any_of(connections_.begin(), connections_.end(), [start](const auto& item) {
      return item.second.streams[1].head().starts_with(start);
    });
  }

  void print(const std::array<uint64_t, SONDE_LOSS_REASONS>& losses) {
    const std::scoped_lock lock(mutex_);
    for (const auto& [key, connection] : connections_) {
      print_line({{"tgid", key.tgid},
                  {"handle", key.handle},
                  {"target", targets_[connection.target]},
                  {"process", processes_[key.tgid]},
                  {"network", connection.network},
                  {"received", connection.streams[0].to_json()},
                  {"sent", connection.streams[1].to_json()}});
    }
    print_line({{"losses", losses}, {"undecoded", undecoded_}});
  }

 private:
  static void print_line(const Json& json) {
    std::cout << json.dump(-1, ' ', true, Json::error_handler_t::replace) << '\n';
  }

  std::mutex mutex_;
  std::map<capture::ConnectionKey, HeardConnection> connections_;
  std::map<uint32_t, Json> targets_;
  std::map<uint32_t, Json> processes_;
  uint64_t undecoded_ = 0;
};

int fail_with(const Error& error) {
  std::cerr << "hear: " << error.message << '\n';
  return 1;
}

int hear(const attach::ProbeSetOptions& options) {
  auto probes = attach::ProbeSet::create(options);
  if (!probes.ok()) return fail_with(probes.error());
  Counters counters;
  Ear ear;
  const auto sink = [&ear](Bytes record) { ear.on_record(record); };
  attach::LocateCache cache;
  attach::Attacher attacher(**probes, cache, counters, sink);
  auto reader = capture::RingReader::start((*probes)->ring_fd(), counters, [&](Bytes record) {
    attacher.on_ring_record(record);
    sink(record);
  });
  if (!reader.ok()) return fail_with(reader.error());
  if (const Status started = attacher.start(); !started.ok()) return fail_with(started.error());
  std::cout << "listening" << std::endl;

  std::string line;
  while (std::getline(std::cin, line)) {
    std::cout << (ear.has_heard(line) ? "yes" : "no") << std::endl;
  }
  attacher.stop();
  reader->reset();  // drains the ring
  ear.print((*probes)->losses());
  return 0;
}

}  // namespace
}  // namespace sonde

// hear [plainest] [RING_BYTES [PLAIN_HTTP_PORT...]]
int main(int argc, char** argv) {
  sonde::attach::ProbeSetOptions options;
  options.ring_bytes = size_t{64} << 20;
  int next = 1;
  if (argc > next && std::string_view(argv[next]) == "plainest") {
    options.plainest = true;
    ++next;
  }
  if (argc > next) options.ring_bytes = std::stoul(argv[next++]);
  for (; next < argc; ++next)
    options.plain_ports.push_back(static_cast<uint32_t>(std::stoul(argv[next])));
  return sonde::hear(options);
}
