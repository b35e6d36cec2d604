// Writes down what an ExchangeHandler is told, body pieces joined, and checks the order of calls.
#pragma once

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "agent/http/message.h"

namespace sonde::http::test {

struct Half {
  Head head;
  std::string body;
  size_t pieces = 0;
  uint64_t lost = 0;
  bool has_head = false;
  bool has_gap = false;
  bool ended = false;
  End end = End::kComplete;

  bool whole() const { return has_head && ended && end == End::kComplete && !has_gap; }
  bool operator==(const Half& other) const {
    return head.method == other.head.method && head.target == other.head.target &&
           head.status == other.head.status && body == other.body && lost == other.lost &&
           has_head == other.has_head && has_gap == other.has_gap && ended == other.ended &&
           end == other.end;
  }
};

struct Told {
  Half request;
  Half response;
  bool operator==(const Told& other) const {
    return request == other.request && response == other.response;
  }
};

class Transcript final : public ExchangeHandler {
 public:
  void on_request_head(ExchangeNumber n, const Head& head) override {
    EXPECT_EQ(exchanges.count(n), 0U);
    EXPECT_GT(n, last_);
    last_ = n;
    begin(exchanges[n].request, head);
  }
  void on_request_body(ExchangeNumber n, Bytes bytes) override { add(exchanges[n].request, bytes); }
  void on_request_gap(ExchangeNumber n, uint64_t lost) override {
    miss(exchanges[n].request, lost);
  }
  void on_request_end(ExchangeNumber n, End end) override { finish(exchanges[n].request, end); }
  void on_response_head(ExchangeNumber n, const Head& head) override {
    EXPECT_TRUE(exchanges[n].request.has_head);
    begin(exchanges[n].response, head);
  }
  void on_response_body(ExchangeNumber n, Bytes bytes) override {
    add(exchanges[n].response, bytes);
  }
  void on_response_gap(ExchangeNumber n, uint64_t lost) override {
    miss(exchanges[n].response, lost);
  }
  void on_response_end(ExchangeNumber n, End end) override {
    Half& half = exchanges[n].response;
    EXPECT_TRUE(half.has_head || end == End::kTruncated);
    EXPECT_FALSE(half.ended);
    half.ended = true;
    half.end = end;
  }

  std::map<ExchangeNumber, Told> exchanges;

 private:
  static void begin(Half& half, const Head& head) {
    EXPECT_FALSE(half.has_head);
    EXPECT_FALSE(half.ended);
    half.has_head = true;
    half.head = head;
  }
  static void add(Half& half, Bytes bytes) {
    EXPECT_TRUE(half.has_head);
    EXPECT_FALSE(half.ended);
    EXPECT_FALSE(bytes.empty());
    half.body += as_text(bytes);
    ++half.pieces;
  }
  static void miss(Half& half, uint64_t lost) {
    EXPECT_TRUE(half.has_head);
    EXPECT_FALSE(half.ended);
    half.has_gap = true;
    half.lost += lost;
  }
  static void finish(Half& half, End end) {
    EXPECT_TRUE(half.has_head);
    EXPECT_FALSE(half.ended);
    half.ended = true;
    half.end = end;
  }

  ExchangeNumber last_ = 0;
};

}  // namespace sonde::http::test
