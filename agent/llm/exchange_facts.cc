#include "agent/llm/exchange_facts.h"

namespace sonde::llm {

Exchange without_texts(const Exchange& exchange) {
  Exchange facts;
  facts.id = exchange.id;
  facts.start_time = exchange.start_time;
  facts.process = exchange.process;
  facts.container = exchange.container;
  facts.kubernetes = exchange.kubernetes;
  facts.capture = exchange.capture;
  facts.network = exchange.network;
  facts.http = exchange.http;
  facts.operation = exchange.operation;
  facts.provider = exchange.provider;
  facts.request_model = exchange.request_model;
  facts.response_model = exchange.response_model;
  facts.response_id = exchange.response_id;
  facts.conversation_id = exchange.conversation_id;
  facts.user = exchange.user;
  facts.key_fingerprint = exchange.key_fingerprint;
  return facts;
}

}  // namespace sonde::llm
