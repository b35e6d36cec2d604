// The Kafka broker that librdkafka brings for tests, and a consumer of it.
#pragma once

#include <array>
#include <string>
#include <vector>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

namespace sonde::testing {

class KafkaCluster {
 public:
  KafkaCluster() {
    std::array<char, 256> error{};
    owner_ = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), error.data(), error.size());
    mock_ = rd_kafka_mock_cluster_new(owner_, 1);
    rd_kafka_mock_topic_create(mock_, "sonde", 1, 1);
  }
  ~KafkaCluster() {
    rd_kafka_mock_cluster_destroy(mock_);
    rd_kafka_destroy(owner_);
  }
  KafkaCluster(const KafkaCluster&) = delete;
  KafkaCluster& operator=(const KafkaCluster&) = delete;

  rd_kafka_mock_cluster_t* mock() { return mock_; }
  std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(mock_); }

  // The keys that a consumer reads from the beginning, until there are `count`.
  std::vector<std::string> keys(const std::string& topic, size_t count) {
    std::array<char, 256> error{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers().c_str(), nullptr, 0);
    rd_kafka_conf_set(conf, "group.id", "test", nullptr, 0);
    rd_kafka_conf_set(conf, "auto.offset.reset", "earliest", nullptr, 0);
    rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error.data(), error.size());
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic.c_str(), 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    std::vector<std::string> keys;
    for (int i = 0; i < 200 && keys.size() < count; ++i) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, 100);
      if (!message) continue;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        keys.emplace_back(static_cast<const char*>(message->key), message->key_len);
      }
      rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    return keys;
  }

 private:
  rd_kafka_t* owner_;
  rd_kafka_mock_cluster_t* mock_;
};

}  // namespace sonde::testing
