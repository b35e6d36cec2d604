#include "collector/store/alerts.h"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "collector/store/alert_counts.h"
#include "collector/store/alert_query.h"
#include "collector/store/search.h"
#include "tests/collector/support/database.h"
#include "tests/collector/support/sample.h"

namespace sonde::store {
namespace {

using testing::kSampleTimeMs;
using testing::sample_alert;

class AlertStoreTest : public testing::StoreTest {
 protected:
  std::vector<int64_t> append(const std::vector<NewAlert>& alerts) {
    auto lease = pool().write();
    auto transaction = sql::Transaction::begin(**lease);
    auto outcome = AlertStore::append(**lease, alerts, kSampleTimeMs);
    EXPECT_TRUE(outcome.ok()) << outcome.error().message;
    EXPECT_TRUE(transaction->commit().ok());
    return outcome.ok() ? outcome->ids : std::vector<int64_t>();
  }
  std::vector<std::string> uids(const AlertFilter& filter) {
    const auto page = alerts_.list(filter, 500, std::nullopt);
    EXPECT_TRUE(page.ok());
    std::vector<std::string> found;
    for (const Alert& alert : page->items) found.push_back(alert.uid);
    return found;
  }
  int64_t counted(std::string_view dimension, std::string_view name) {
    const auto counts = count_by(pool(), dimension, 0, kSampleTimeMs * 2, 100);
    EXPECT_TRUE(counts.ok());
    for (const NamedCount& count : *counts) {
      if (count.name == name) return count.amount;
    }
    return 0;
  }
  AlertStore alerts_{pool()};
};
SONDE_ON_BOTH_STORES(AlertStoreTest);

TEST_P(AlertStoreTest, WhatIsAppendedIsReadBackUnchanged) {
  append({sample_alert(1)});
  const auto alert = alerts_.get("alert-1");
  ASSERT_TRUE(alert.ok());
  ASSERT_TRUE(alert->has_value());
  EXPECT_EQ((*alert)->time_ms, kSampleTimeMs + 1000);
  EXPECT_EQ((*alert)->severity, Severity::kMedium);
  EXPECT_EQ((*alert)->status, WorkStatus::kNew);
  EXPECT_DOUBLE_EQ((*alert)->score, 0.93);
  EXPECT_EQ((*alert)->application, "chatbot");
  EXPECT_FALSE((*alert)->assignee.has_value());
  EXPECT_FALSE((*alert)->incident_uid.has_value());
  const auto ocsf = alerts_.ocsf((*alert)->id);
  ASSERT_TRUE(ocsf.ok());
  EXPECT_EQ(**ocsf, testing::sample_ocsf(1));
}

TEST_P(AlertStoreTest, AUidIsStoredOnceWithinABatchAndAcrossBatches) {
  const auto first = append({sample_alert(1), sample_alert(2), sample_alert(1)});
  EXPECT_GT(first[0], 0);
  EXPECT_GT(first[1], 0);
  EXPECT_EQ(first[2], 0);
  NewAlert again = sample_alert(1);
  again.title = "changed";
  const auto second = append({again, sample_alert(3)});
  EXPECT_EQ(second[0], 0);
  EXPECT_GT(second[1], first[1]);
  EXPECT_EQ((*alerts_.get("alert-1"))->title, "A credential in an answer");
  EXPECT_EQ(uids({}).size(), 3U);
  EXPECT_EQ(counted("severity", "medium"), 3);
}

TEST_P(AlertStoreTest, HostileTextsGoInAndComeOutUnchanged) {
  const std::vector<std::string> texts = {"'; DROP TABLE alerts; --",
                                          "\" OR 1=1",
                                          "{\"a\",NULL}",
                                          "\\\\'\"{},",
                                          "%_%",
                                          "$1 ?1 :a @b",
                                          "<script>alert(1)</script>",
                                          "\xF0\x9F\x92\xA9 \xE2\x80\xAE rtl",
                                          "line\nbreak\ttab\r",
                                          "NULL",
                                          "\x7f\x01\x1b[31m",
                                          "''''",
                                          "\\x00\\u0000",
                                          std::string(5000, '{')};
  std::vector<NewAlert> batch;
  for (size_t i = 0; i < texts.size(); ++i) {
    NewAlert alert = sample_alert(static_cast<int>(i));
    alert.title = alert.host = alert.application = alert.model = alert.evidence_preview = texts[i];
    alert.search_text = texts[i];
    batch.push_back(alert);
  }
  append(batch);
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto alert = alerts_.get(fmt::format("alert-{}", i));
    ASSERT_TRUE(alert.ok() && alert->has_value());
    EXPECT_EQ((*alert)->title, texts[i]);
    EXPECT_EQ((*alert)->model, texts[i]);
    AlertFilter filter;
    filter.hosts = {texts[i]};
    EXPECT_EQ(uids(filter), std::vector<std::string>{fmt::format("alert-{}", i)});
    filter = {};
    filter.query = texts[i];
    EXPECT_TRUE(alerts_.list(filter, 10, std::nullopt).ok()) << texts[i];
  }
}

TEST_P(AlertStoreTest, PagesFollowOneAnotherWithoutGapOrRepetition) {
  std::vector<NewAlert> batch;
  for (int i = 0; i < 103; ++i) {
    NewAlert alert = sample_alert(i);
    alert.time_ms = kSampleTimeMs + i / 10;  // ten of each time: the id decides
    batch.push_back(alert);
  }
  append(batch);
  std::set<std::string> seen;
  std::optional<AlertCursor> cursor;
  int64_t last_time = kSampleTimeMs * 2;
  int pages = 0;
  do {
    const auto page = alerts_.list({}, 10, cursor);
    ASSERT_TRUE(page.ok());
    for (const Alert& alert : page->items) {
      EXPECT_TRUE(seen.insert(alert.uid).second);
      EXPECT_LE(alert.time_ms, last_time);
      last_time = alert.time_ms;
    }
    cursor = page->next;
    ++pages;
  } while (cursor && pages < 50);
  EXPECT_EQ(seen.size(), 103U);
  EXPECT_EQ(pages, 11);
}

TEST_P(AlertStoreTest, FiltersSelectByEachField) {
  NewAlert a = sample_alert(1);
  NewAlert b = sample_alert(2);
  b.severity = Severity::kHigh;
  b.alert = "credential.prompt";
  b.host = "web-2";
  b.model = "claude";
  NewAlert c = sample_alert(3);
  c.alert = "credentials";
  c.application = "other";
  append({a, b, c});
  AlertFilter filter;
  filter.severities = {Severity::kHigh};
  EXPECT_EQ(uids(filter), std::vector<std::string>{"alert-2"});
  filter = {};
  filter.alerts = {"credential."};
  EXPECT_EQ(uids(filter), (std::vector<std::string>{"alert-2", "alert-1"}));
  filter.alerts = {"credential.prompt", "credentials"};
  EXPECT_EQ(uids(filter), (std::vector<std::string>{"alert-3", "alert-2"}));
  filter = {};
  filter.hosts = {"web-1"};
  filter.applications = {"other"};
  EXPECT_EQ(uids(filter), std::vector<std::string>{"alert-3"});
  filter = {};
  filter.models = {"claude", "gpt-4o"};
  EXPECT_EQ(uids(filter).size(), 3U);
  filter = {};
  filter.since_ms = kSampleTimeMs + 2000;
  filter.until_ms = kSampleTimeMs + 3000;
  EXPECT_EQ(uids(filter), std::vector<std::string>{"alert-2"});
}

// A value that few alerts have is looked up, one that many have is met on the way: the answer is
// the same.
TEST_P(AlertStoreTest, FiltersSelectAlikeWhetherFewOrManyAlertsPass) {
  std::vector<NewAlert> alerts;
  for (int i = 0; i < kRare + 200; ++i) {
    alerts.push_back(sample_alert(i));
    alerts.back().model = i % 1000 == 7 ? "rare" : "usual";
    alerts.back().zone = i % 2 == 0 ? "tool" : "user";
    alerts.back().status = i % 1000 == 8 ? WorkStatus::kResolved : WorkStatus::kNew;
  }
  append(alerts);
  const auto found = [this](const AlertFilter& filter) { return uids(filter).size(); };
  EXPECT_EQ(uids({.models = {"rare"}}),
            (std::vector<std::string>{"alert-5007", "alert-4007", "alert-3007", "alert-2007",
                                      "alert-1007", "alert-7"}));
  EXPECT_EQ(found({.models = {"none"}}), 0U);
  EXPECT_EQ(found({.models = {"usual"}}), 500U) << "one page";
  EXPECT_EQ(found({.models = {"rare", "usual"}, .zones = {"tool", "user"}}), 500U);
  EXPECT_EQ(found({.models = {"rare"}, .zones = {"tool"}}), 0U);
  EXPECT_EQ(found({.models = {"rare"}, .zones = {"user"}}), 6U);
  EXPECT_EQ(found({.statuses = {WorkStatus::kResolved}}), 6U);
  EXPECT_EQ(found({.models = {"usual"}, .statuses = {WorkStatus::kResolved}, .query = "absent"}),
            0U);
  EXPECT_EQ(
      found(
          {.models = {"rare"}, .since_ms = alerts[2000].time_ms, .until_ms = alerts[4000].time_ms}),
      2U);
  const auto first = alerts_.list({.models = {"rare"}}, 4, std::nullopt);
  ASSERT_TRUE(first.ok() && first->next);
  const auto second = alerts_.list({.models = {"rare"}}, 4, first->next);
  ASSERT_TRUE(second.ok());
  ASSERT_EQ(second->items.size(), 2U);
  EXPECT_EQ(second->items.back().uid, "alert-7");
}

TEST_P(AlertStoreTest, SearchFindsWordsPrefixesAndDottedNames) {
  NewAlert other = sample_alert(2);
  other.search_text = "Indirekte Befehle aus Übersee tool.tainted_call";
  append({sample_alert(1), other});
  AlertFilter filter;
  filter.query = "KEY number1";
  EXPECT_EQ(uids(filter), std::vector<std::string>{"alert-1"});
  filter.query = "übersee";
  EXPECT_EQ(uids(filter), std::vector<std::string>{"alert-2"});
  filter.query = "cred*";
  EXPECT_EQ(uids(filter), std::vector<std::string>{"alert-1"});
  filter.query = "credential.response";
  EXPECT_EQ(uids(filter), std::vector<std::string>{"alert-1"});
  filter.query = "number1 tool";
  EXPECT_TRUE(uids(filter).empty());
  filter.query = "\"'*-";
  EXPECT_TRUE(uids(filter).empty());
}

// Words that only older alerts hold, too many to be rare; ids and times do not go together.
TEST_P(AlertStoreTest, SearchGoesBackInTimeAndSaysHowFar) {
  constexpr int kNewer = 4000;
  constexpr int kAll = kNewer + kRare + 200;
  std::vector<NewAlert> alerts;
  std::vector<std::string> expected;
  for (int i = 0; i < kAll; ++i) {
    NewAlert alert = sample_alert(i);
    const int age = static_cast<int>(int64_t{i} * 7919 % kAll);  // each age once
    alert.time_ms = kSampleTimeMs - age / 2;                     // two at the same moment
    alert.search_text = age < kNewer ? "recent" : "older";
    alerts.push_back(std::move(alert));
  }
  const std::vector<int64_t> ids = append(alerts);
  ASSERT_TRUE(SearchIndex(pool()).advance(kAll).ok());
  const auto walk = [&](AlertFilter filter, size_t limit, size_t most_searched) {
    std::vector<std::string> found;
    std::optional<AlertCursor> cursor;
    for (int page_number = 0; page_number <= kAll; ++page_number) {
      const auto page = alerts_.list(filter, limit, cursor, most_searched);
      EXPECT_TRUE(page.ok());
      for (const Alert& alert : page->items) found.push_back(alert.uid);
      if (!page->next) break;
      EXPECT_TRUE(!page->searched_back_to_ms || page->items.size() <= limit);
      cursor = page->next;
    }
    return found;
  };
  std::vector<std::tuple<int64_t, int64_t, std::string>> order;
  for (size_t i = 0; i < alerts.size(); ++i) {
    if (alerts[i].search_text == "older")
      order.emplace_back(alerts[i].time_ms, ids[i], alerts[i].uid);
  }
  std::sort(order.rbegin(), order.rend());
  for (const auto& [time, id, uid] : order) expected.push_back(uid);
  EXPECT_EQ(walk({.query = "older"}, 500, kMostSearched), expected);
  EXPECT_EQ(walk({.query = "older"}, 37, 1500), expected);
  EXPECT_EQ(walk({.query = "older recent"}, 50, kMostSearched).size(), 0U);

  const auto first = alerts_.list({.query = "older"}, 10, std::nullopt, 1000);
  EXPECT_TRUE(first->items.empty());
  EXPECT_EQ(first->searched_back_to_ms, kSampleTimeMs - 499);
  ASSERT_TRUE(first->next.has_value());
  const auto full = alerts_.list({.query = "recent"}, 10, std::nullopt, 1000);
  EXPECT_EQ(full->items.size(), 10U);
  EXPECT_FALSE(full->searched_back_to_ms.has_value());
}

TEST_P(AlertStoreTest, ChangesAreKeptAndCounted) {
  append({sample_alert(1), sample_alert(2)});
  WorkChange change;
  change.status = WorkStatus::kSuppressed;
  change.assignee = "ada";
  change.classification = "benign";
  auto changed = alerts_.change("alert-1", change);
  ASSERT_TRUE(changed.ok() && changed->has_value());
  EXPECT_EQ((*changed)->status, WorkStatus::kSuppressed);
  EXPECT_EQ(counted("severity", "medium"), 1);
  EXPECT_EQ(counted("status", "suppressed"), 1);
  change = {};
  change.status = WorkStatus::kResolved;
  change.assignee = "";
  changed = alerts_.change("alert-1", change);
  ASSERT_TRUE(changed.ok());
  const auto read = alerts_.get("alert-1");
  EXPECT_EQ((*read)->status, WorkStatus::kResolved);
  EXPECT_FALSE((*read)->assignee.has_value());
  EXPECT_EQ((*read)->classification, "benign");
  EXPECT_EQ(counted("severity", "medium"), 2);
  EXPECT_EQ(counted("status", "suppressed"), 0);
  EXPECT_FALSE(alerts_.change("nobody", change)->has_value());
}

TEST_P(AlertStoreTest, RetentionRemovesOldAlertsTheirCommentsAndTheirWords) {
  append({sample_alert(1), sample_alert(2), sample_alert(3)});
  ASSERT_TRUE(alerts_.add_comment("alert:alert-1", "ada", "seen", 5).ok());
  const auto removed = alerts_.remove_before(kSampleTimeMs + 3000, 1);
  ASSERT_TRUE(removed.ok());
  EXPECT_EQ(*removed, 1);
  EXPECT_EQ(*alerts_.remove_before(kSampleTimeMs + 3000, 100), 1);
  EXPECT_EQ(uids({}), std::vector<std::string>{"alert-3"});
  EXPECT_TRUE(alerts_.comments("alert:alert-1")->empty());
  AlertFilter filter;
  filter.query = "number1";
  EXPECT_TRUE(uids(filter).empty());
  filter.query = "number3";
  EXPECT_EQ(uids(filter).size(), 1U);
}

TEST_P(AlertStoreTest, RetentionForgetsTheCountsOfHoursThatAreGone) {
  std::vector<NewAlert> alerts = {sample_alert(1), sample_alert(2), sample_alert(3)};
  alerts[2].time_ms += 3 * kHourMs;
  append(alerts);
  const int64_t before = kSampleTimeMs + 2 * kHourMs;
  EXPECT_EQ(*alerts_.remove_before(before, 1), 1);
  EXPECT_EQ(counted("host", "web-1"), 3) << "some of the hour are left";
  EXPECT_EQ(*alerts_.remove_before(before, 100), 1);
  EXPECT_EQ(counted("host", "web-1"), 1);
}

TEST_P(AlertStoreTest, AnIdIsNeverGivenTwice) {
  const auto first = append({sample_alert(1)});
  ASSERT_EQ(*alerts_.remove_before(kSampleTimeMs * 2, 10), 1);
  const auto second = append({sample_alert(2)});
  EXPECT_GT(second[0], first[0]);
}

}  // namespace
}  // namespace sonde::store
