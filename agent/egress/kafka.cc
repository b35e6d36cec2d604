#include "agent/egress/kafka.h"

#include <array>
#include <atomic>
#include <chrono>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include "agent/base/abandonable.h"

namespace sonde::egress {
namespace {

struct FreeConf {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
struct FreeProducer {
  void operator()(rd_kafka_t* producer) const { rd_kafka_destroy(producer); }
};
using Conf = std::unique_ptr<rd_kafka_conf_t, FreeConf>;
using Producer = std::unique_ptr<rd_kafka_t, FreeProducer>;

constexpr std::chrono::seconds kLongestEnd{2};

// What became of one batch; its address travels with each message.
struct Progress {
  size_t delivered = 0;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
};

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  auto& progress = *static_cast<Progress*>(message->_private);
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    ++progress.delivered;
  } else {
    progress.error = message->err;
  }
}

// librdkafka's log goes nowhere: what matters comes back as an error.
void no_log(const rd_kafka_t*, int, const char*, const char*) {}

Result<Producer> make_producer(const KafkaConfig& config) {
  Conf conf(rd_kafka_conf_new());
  std::map<std::string, std::string> properties = {{"client.id", config.client_id},
                                                   {"compression.codec", "zstd"},
                                                   {"linger.ms", "5"},
                                                   {"message.max.bytes", "4000000"}};
  for (const auto& [key, value] : config.properties) properties[key] = value;
  // What the promise rests on is not open to choice.
  properties["bootstrap.servers"] = config.brokers;
  properties["enable.idempotence"] = "true";
  properties["message.timeout.ms"] = std::to_string(config.timeout.count());
  std::array<char, 512> error{};
  for (const auto& [key, value] : properties) {
    if (rd_kafka_conf_set(conf.get(), key.c_str(), value.c_str(), error.data(), error.size()) !=
        RD_KAFKA_CONF_OK) {
      // librdkafka's own text quotes the value, which may be a password.
      return fail(fmt::format("librdkafka does not accept the property '{}'", key));
    }
  }
  rd_kafka_conf_set_dr_msg_cb(conf.get(), on_delivery);
  rd_kafka_conf_set_log_cb(conf.get(), no_log);
  rd_kafka_t* made = rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), error.data(), error.size());
  if (!made) return fail(fmt::format("kafka: {}", error.data()));
  (void)conf.release();  // the producer's now
  return Producer(made);
}

class KafkaTarget final : public Target {
 public:
  KafkaTarget(const KafkaConfig& config, Producer producer)
      : config_(config), producer_(std::move(producer)) {}
  ~KafkaTarget() override { discard(); }

  Outcome send(std::span<const Record> records, const std::string&) override {
    if (!producer_) {
      auto made = make_producer(config_);
      if (!made.ok()) return {Verdict::kTryAgain, made.error().message};
      producer_ = std::move(*made);
    }
    Progress progress;
    size_t queued = 0;
    for (const Record& record : records) {
      progress.error = produce(record, progress);
      if (progress.error != RD_KAFKA_RESP_ERR_NO_ERROR) break;
      ++queued;
    }
    wait(queued, progress);
    if (progress.delivered == records.size()) return {};
    // An idempotent producer that lost a message may be done for good; a new one begins clean, and
    // no late answer finds `progress` gone.
    discard();
    const bool too_large = progress.error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    const char* reason = progress.error == RD_KAFKA_RESP_ERR_NO_ERROR
                             ? "no answer in time"
                             : rd_kafka_err2str(progress.error);
    return {too_large ? Verdict::kRefused : Verdict::kTryAgain,
            fmt::format("kafka {}: {}", config_.brokers, reason)};
  }

  void cancel() override { cancelled_.store(true); }

 private:
// The casts are in librdkafka's macros.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
  rd_kafka_resp_err_t produce(const Record& record, Progress& progress) {
    return rd_kafka_producev(
        producer_.get(), RD_KAFKA_V_TOPIC(config_.topic.c_str()),
        RD_KAFKA_V_KEY(record.uid.data(), record.uid.size()),
        RD_KAFKA_V_VALUE(const_cast<char*>(record.json.data()), record.json.size()),
        RD_KAFKA_V_TIMESTAMP(record.time_ms), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_OPAQUE(&progress), RD_KAFKA_V_END);
  }
#pragma GCC diagnostic pop

  void wait(size_t queued, const Progress& progress) {
    const auto deadline = std::chrono::steady_clock::now() + config_.timeout;
    while (progress.delivered < queued && progress.error == RD_KAFKA_RESP_ERR_NO_ERROR &&
           !cancelled_.load() && std::chrono::steady_clock::now() < deadline) {
      rd_kafka_poll(producer_.get(), 100);
    }
  }

  // Without the purge, destroying would wait for messages that nobody waits for any more. Both wait
  // for librdkafka's threads, one of which may be asking a silent name server.
  void discard() {
    if (!producer_) return;
    const auto given_up = std::chrono::steady_clock::now() + kLongestEnd;
    wait_unless([given_up] { return std::chrono::steady_clock::now() >= given_up; },
                [producer = std::move(producer_)]() mutable {
                  rd_kafka_purge(producer.get(),
                                 RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
                  producer.reset();
                  return true;
                });
  }

  const KafkaConfig config_;
  Producer producer_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace

Result<std::unique_ptr<Target>> make_kafka_target(const KafkaConfig& config) {
  if (config.brokers.empty() || config.topic.empty()) return fail("brokers and topic are needed");
  auto producer = make_producer(config);
  if (!producer.ok()) return tl::unexpected<Error>(producer.error());
  return std::unique_ptr<Target>(std::make_unique<KafkaTarget>(config, std::move(*producer)));
}

}  // namespace sonde::egress
