// What the handlers work with. Everything in here is thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "collector/api/events.h"
#include "collector/api/metrics.h"
#include "collector/api/oidc.h"
#include "collector/api/rate_limiter.h"
#include "collector/api/recent_looks.h"
#include "collector/incident/correlator.h"
#include "collector/store/accounts.h"
#include "collector/store/alerts.h"
#include "collector/store/audit.h"
#include "collector/store/exports.h"
#include "collector/store/external_logins.h"
#include "collector/store/fleet.h"
#include "collector/store/incidents.h"
#include "collector/store/ingest.h"
#include "collector/store/policies.h"
#include "collector/store/suppressions.h"

namespace sonde::api {

struct ApiLimits {
  size_t ingest_bytes = 8 << 20;           // body as sent
  size_t ingest_decoded_bytes = 32 << 20;  // body after zstd
  size_t ingest_lines = 20'000;
  size_t ingest_errors = 100;  // rejected lines that are listed one by one
  size_t body_bytes = 64 << 10;
  size_t event_streams = 256;
  size_t csv_rows = 100'000;
  int64_t session_ms = 12 * 3'600'000LL;
  int64_t agent_stale_ms = 180'000;
  // Records dated outside of this, seen from their arrival, are dated at it.
  int64_t clock_ahead_ms = 600'000;
  int64_t clock_behind_ms = int64_t{365} * 24 * 3'600'000;  // retention would remove it at once
};

struct ApiConfig {
  ApiLimits limits;
  Rate login_rate{0.1, 10};  // by address
  // By user name, against many addresses: no single one must keep a person out.
  Rate login_name_rate{1, 60};
  Rate enrol_rate{10, 200};    // by token: a fleet enrols at once, from few addresses
  Rate request_rate{50, 500};  // by caller
  bool metrics_on_loopback = true;
  // Told of each failure of the store. Never holds what a request said.
  std::function<void(const std::string& message)> report = [](const std::string&) {};
  std::string client_ca;      // PEM file; who signs agents' certificates
  std::string client_ca_key;  // PEM file; empty: no enrolment
  OidcConfig oidc;
  std::string policy_signing_key;  // Ed25519, PEM; empty: no policies
  std::string fingerprint_key;     // 64 hexadecimal digits; empty: each agent makes its own
};

struct Context {
  Context(store::Pool& store_pool, store::IngestWriter& ingest_writer, EventHub& event_hub,
          Metrics& counters, std::function<int64_t()> clock, const ApiConfig& api_config)
      : pool(store_pool),
        ingest(ingest_writer),
        events(event_hub),
        metrics(counters),
        now_ms(std::move(clock)),
        config(api_config),
        alerts(store_pool),
        accounts(store_pool),
        audit(store_pool),
        fleet(store_pool),
        incidents(store_pool),
        suppressions(store_pool),
        correlator(store_pool),
        exports(store_pool),
        policies(store_pool),
        external_logins(store_pool),
        oidc(api_config.oidc),
        login_rate(api_config.login_rate, 100'000),
        login_name_rate(api_config.login_name_rate, 100'000),
        enrol_rate(api_config.enrol_rate, 100'000),
        request_rate(api_config.request_rate, 100'000) {}

  store::Pool& pool;
  store::IngestWriter& ingest;
  EventHub& events;
  Metrics& metrics;
  std::function<int64_t()> now_ms;
  ApiConfig config;
  store::AlertStore alerts;
  store::AccountStore accounts;
  store::AuditStore audit;
  store::FleetStore fleet;
  store::IncidentStore incidents;
  store::SuppressionStore suppressions;
  incident::Correlator correlator;
  store::ExportStore exports;
  store::PolicyStore policies;
  store::ExternalLoginStore external_logins;
  OidcClient oidc;
  RateLimiter login_rate;
  RateLimiter login_name_rate;
  RateLimiter enrol_rate;
  RateLimiter request_rate;
  RecentLooks looks;
};

}  // namespace sonde::api
