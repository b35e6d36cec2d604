#include "collector/incident/correlator.h"

#include <algorithm>
#include <atomic>
#include <random>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "collector/incident/story.h"
#include "tests/collector/support/database.h"
#include "tests/collector/support/sample.h"

namespace sonde::incident {
namespace {

using store::Entity;
using store::NewAlert;
using store::Severity;
using testing::kSampleTimeMs;

class CorrelatorTest : public testing::StoreTest {
 protected:
  NewAlert make(const std::string& uid, const std::string& name, int64_t seconds,
                std::vector<Entity> entities, Severity severity = Severity::kMedium) {
    NewAlert alert = testing::sample_alert(0);
    alert.uid = uid;
    alert.alert = name;
    alert.title = "Title of " + uid;
    alert.time_ms = kSampleTimeMs + seconds * 1000;
    alert.severity = severity;
    // Nothing in common but what a test gives; a conversation is of one host.
    const bool talks = std::any_of(entities.begin(), entities.end(), [](const Entity& entity) {
      return entity.type == "conversation";
    });
    alert.host = talks ? "web-1" : "host-of-" + uid;
    alert.entities = std::move(entities);
    return alert;
  }
  void store_alerts(const std::vector<NewAlert>& alerts) {
    auto lease = pool().write();
    auto transaction = store::sql::Transaction::begin(**lease);
    const auto outcome = store::AlertStore::append(**lease, alerts, kSampleTimeMs);
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    ASSERT_TRUE(transaction->commit().ok());
  }
  void correlate() {
    for (;;) {
      const auto round = correlator_.run_once(250);
      ASSERT_TRUE(round.ok()) << round.error().message;
      if (round->alerts == 0) return;
    }
  }
  void take(const std::vector<NewAlert>& alerts) {
    store_alerts(alerts);
    correlate();
  }
  std::vector<store::Incident> incidents() {
    const auto page = incidents_.list({}, 500, std::nullopt);
    EXPECT_TRUE(page.ok());
    return page->items;
  }
  std::vector<std::string> uids_in(int64_t id) {
    std::vector<std::string> uids;
    const auto alerts = incidents_.alerts(id, 1000);
    EXPECT_TRUE(alerts.ok());
    for (const auto& entry : *alerts) uids.push_back(entry.alert.uid);
    return uids;
  }
  Correlator correlator_{pool()};
  store::IncidentStore incidents_{pool()};
};
SONDE_ON_BOTH_STORES(CorrelatorTest);

TEST_P(CorrelatorTest, AnAttackAmongTenThousandUnrelatedAlertsIsOneIncidentInOrder) {
  const Entity conversation{"conversation", "c-attack"};
  const Entity process{"process", "web-1/4711"};
  const std::vector<NewAlert> attack = {
      make("poison", "prompt_attack.document", 100, {conversation}, Severity::kHigh),
      make("call", "tool.tainted_call", 101, {conversation, process}, Severity::kHigh),
      make("exec", "tool.tainted_exec", 102, {process}, Severity::kCritical),
      make("leak", "credential.response", 103, {conversation, {"secret", "fp:77"}})};
  std::mt19937 random(7);
  const std::vector<std::string> names = {"prompt_attack.user", "credential.response",
                                          "tool.tainted_call", "sensitive_data.prompt"};
  std::vector<NewAlert> all;
  size_t next = 0;
  for (int i = 0; i < 10'000; ++i) {
    if (i % 2500 == 1250) all.push_back(attack[next++]);
    NewAlert noise = make(fmt::format("noise-{}", i), names[random() % 4], random() % 3600,
                          {{"conversation", fmt::format("c-{}", i)},
                           {"source_ip", fmt::format("10.0.{}.{}", random() % 20, random() % 250)},
                           {"host", "web-1"}},
                          static_cast<Severity>(1 + random() % 3));
    noise.host = fmt::format("web-{}", random() % 20);
    noise.application = fmt::format("app-{}", random() % 5);
    all.push_back(noise);
  }
  take(all);
  EXPECT_LE(incidents().size(), 5U) << "by chance some noise does look like an attack";
  const auto leak = store::AlertStore(pool()).get("leak");
  ASSERT_TRUE((*leak)->incident_uid.has_value());
  const int64_t id = *store::incident_id_from(*(*leak)->incident_uid);
  EXPECT_EQ(uids_in(id), (std::vector<std::string>{"poison", "call", "exec", "leak"}));
  const auto loaded = incidents_.get(id);
  ASSERT_TRUE(loaded.ok() && loaded->has_value());
  const store::Incident& attacked = **loaded;
  EXPECT_EQ(attacked.severity, Severity::kCritical);
  EXPECT_EQ(furthest(attacked.stage), Stage::kCollection);
  EXPECT_TRUE(
      attacked.title.starts_with("Prompt injection led to tool use, execution and exposed data"))
      << attacked.title;
}

TEST_P(CorrelatorTest, EachAlertSaysWhyItIsThere) {
  take({make("a", "prompt_attack.user", 0, {{"conversation", "c"}}, Severity::kHigh),
        make("b", "credential.response", 5, {{"conversation", "c"}})});
  const auto alerts = *incidents_.alerts(incidents()[0].id, 10);
  ASSERT_EQ(alerts.size(), 2U);
  EXPECT_EQ(alerts[0].membership.rule, "first");
  EXPECT_EQ(alerts[1].membership.rule, "entity");
  EXPECT_EQ(alerts[1].membership.linked_id, alerts[0].alert.id);
  EXPECT_EQ(explain(alerts[1], alerts),
            "It shares the conversation c (chatbot, web-1) with \"Title of a\".");
  const Story story = tell(alerts);
  ASSERT_EQ(story.timeline.size(), 2U);
  EXPECT_EQ(story.entities[0].entity, (Entity{"conversation", "c"}));
  EXPECT_EQ(story.nodes.size(), 3U);
  EXPECT_EQ(story.edges.size(), 3U);
  EXPECT_EQ(remediation(alerts).size(), 2U);
}

TEST_P(CorrelatorTest, ALesserAlertWaitsForAnotherAndThenBothAreInside) {
  take({make("a", "prompt_attack.user", 0, {{"conversation", "c"}})});
  EXPECT_TRUE(incidents().empty());
  take({make("b", "prompt_attack.user", 9, {{"conversation", "c"}})});
  ASSERT_EQ(incidents().size(), 1U);
  EXPECT_EQ(uids_in(incidents()[0].id), (std::vector<std::string>{"a", "b"}));
}

TEST_P(CorrelatorTest, ThePersonInThePlaceJoinsOnlyTheNextStepOfAnAttack) {
  const Entity container{"container", "f00"};
  const Entity user{"end_user", "u1"};
  take({make("inject", "prompt_attack.document", 0, {container, user}, Severity::kHigh),
        make("again", "prompt_attack.document", 10, {container, user}),
        make("elsewhere", "tool.tainted_call", 15, {user}),
        make("other", "tool.tainted_call", 16, {container, {"end_user", "u2"}}),
        make("tool", "tool.tainted_call", 20, {container, user}),
        make("late", "tool.tainted_call", 7200, {container, user})});
  ASSERT_EQ(incidents().size(), 1U);
  EXPECT_EQ(uids_in(incidents()[0].id), (std::vector<std::string>{"inject", "tool"}));
}

TEST_P(CorrelatorTest, AConversationIsOfItsApplicationAndOfItsHostOrKey) {
  const std::vector<Entity> one = {{"conversation", "1"}, {"api_key", "fp:1"}};
  const std::vector<Entity> unique = {{"conversation", "thread_0123456789abcdef"},
                                      {"api_key", "fp:1"}};
  std::vector<NewAlert> alerts = {
      make("here", "prompt_attack.user", 0, one, Severity::kHigh),
      make("next", "credential.response", 1, one),
      make("other-host", "credential.response", 2, one, Severity::kHigh),
      make("other-application", "credential.response", 3, one, Severity::kHigh),
      make("balanced-1", "prompt_attack.user", 100'000, unique, Severity::kHigh),
      make("balanced-2", "credential.response", 100'001, unique)};
  alerts[2].host = "web-2";
  alerts[3].application = "summariser";
  alerts[5].host = "web-2";
  take(alerts);
  const auto found = incidents();
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(uids_in(found[0].id), (std::vector<std::string>{"balanced-1", "balanced-2"}));
  EXPECT_EQ(uids_in(found[3].id), (std::vector<std::string>{"here", "next"}));
}

TEST_P(CorrelatorTest, AnAddressDoesNotJoinTwoEndUsers) {
  const Entity gateway{"source_ip", "10.0.0.1"};
  const Entity pod{"pod", "shop/chat-1"};
  take({make("u1", "prompt_attack.user", 0, {gateway, pod, {"end_user", "u1"}}, Severity::kHigh),
        make("u2", "tool.tainted_call", 10, {gateway, pod, {"end_user", "u2"}}),
        make("unnamed", "tool.tainted_call", 20, {gateway, pod})});
  ASSERT_EQ(incidents().size(), 1U);
  EXPECT_EQ(uids_in(incidents()[0].id), (std::vector<std::string>{"u1", "unnamed"}));
  const auto alerts = *incidents_.alerts(incidents()[0].id, 10);
  const std::string why = explain(alerts[1], alerts);
  EXPECT_NE(why.find("source ip 10.0.0.1"), std::string::npos) << why;
  EXPECT_NE(why.find("pod shop/chat-1"), std::string::npos) << why;
}

TEST_P(CorrelatorTest, AnIncidentOfManyHostsIsNotNamedAfterTheFirst) {
  const Entity key{"secret", "fp:77"};
  take({make("h0", "credential.response", 0, {key}, Severity::kHigh),
        make("h1", "credential.response", 1, {key}), make("h2", "credential.prompt", 2, {key})});
  ASSERT_EQ(incidents().size(), 1U);
  const std::string title = incidents()[0].title;
  EXPECT_TRUE(title.ends_with("chatbot on several hosts")) << title;
  const auto alone = correlator_.split(incidents()[0].id, {"h1", "h2"});
  ASSERT_TRUE(alone.ok() && alone->has_value());
  EXPECT_TRUE((*alone)->title.ends_with("several hosts")) << (*alone)->title;
  EXPECT_TRUE(
      (*incidents_.get(incidents()[0].id == (*alone)->id ? incidents()[1].id : incidents()[0].id))
          ->title.ends_with("on host-of-h0"));
}

TEST_P(CorrelatorTest, ManyWeakEntitiesDoNotCrowdOutAStrongOne) {
  std::vector<Entity> crowd;
  for (int i = 0; i < 60; ++i) crowd.push_back({"domain", fmt::format("d{}.example", i)});
  crowd.push_back({"process_tree", "agent-1/77"});
  take({make("a", "prompt_attack.user", 0, crowd, Severity::kHigh),
        make("b", "tool.tainted_exec", 1, {{"process_tree", "agent-1/77"}})});
  ASSERT_EQ(incidents().size(), 1U);
  EXPECT_EQ(uids_in(incidents()[0].id), (std::vector<std::string>{"a", "b"}));
}

TEST_P(CorrelatorTest, AnEntityThatManyShareSaysNothing) {
  std::vector<NewAlert> alerts;
  for (int i = 0; i < 30; ++i) {
    alerts.push_back(
        make(fmt::format("a{}", i), "prompt_attack.user", i, {{"source_ip", "gw"}, {"pod", "p"}}));
  }
  alerts.push_back(make("tool", "tool.tainted_call", 40, {{"source_ip", "gw"}, {"pod", "p"}}));
  take(alerts);
  EXPECT_TRUE(incidents().empty());
}

TEST_P(CorrelatorTest, ALinkBetweenTwoIncidentsMergesThemForGood) {
  take({make("a", "prompt_attack.user", 0, {{"conversation", "c1"}}, Severity::kHigh),
        make("b", "credential.response", 1, {{"conversation", "c2"}}, Severity::kHigh)});
  const auto before = incidents();
  ASSERT_EQ(before.size(), 2U);
  take({make("c", "tool.tainted_call", 2, {{"conversation", "c1"}, {"conversation", "c2"}})});
  ASSERT_EQ(incidents().size(), 1U);
  EXPECT_EQ(uids_in(incidents()[0].id), (std::vector<std::string>{"a", "b", "c"}));
  for (const auto& old : before) EXPECT_EQ((*incidents_.get(old.id))->id, incidents()[0].id);
}

TEST_P(CorrelatorTest, TheSameAlertsGiveTheSameIncidentsHoweverTheyAreCutIntoRounds) {
  const auto story = [this](size_t cut) {
    std::mt19937 random(3);
    std::vector<NewAlert> part;
    for (int i = 0; i < 120; ++i) {
      part.push_back(make(fmt::format("s{}-{}", cut, i), "prompt_attack.user",
                          static_cast<int64_t>(1'000'000 * cut + i),
                          {{"conversation", fmt::format("{}-{}", cut, random() % 30)},
                           {"secret", fmt::format("{}-{}", cut, random() % 60)}}));
      if (part.size() == cut) {
        take(part);
        part.clear();
      }
    }
    take(part);
    std::multiset<size_t> sizes;
    for (const auto& incident : incidents()) {
      if (incident.first_ms >= kSampleTimeMs + static_cast<int64_t>(1'000'000'000 * cut)) {
        sizes.insert(static_cast<size_t>(incident.alert_count));
      }
    }
    return sizes;
  };
  const auto one_by_one = story(1);
  EXPECT_FALSE(one_by_one.empty());
  EXPECT_EQ(story(7), one_by_one);
  EXPECT_EQ(story(1000), one_by_one);
}

TEST_P(CorrelatorTest, WhatIsClosedSuppressedOrNoAttackJoinsNothing) {
  take({make("a", "prompt_attack.user", 0, {{"conversation", "c"}}, Severity::kHigh)});
  store::IncidentChange change;
  change.work.status = store::WorkStatus::kResolved;
  change.work.classification = "true_positive";
  ASSERT_TRUE(incidents_.change(incidents()[0].id, change)->has_value());
  NewAlert quiet = make("quiet", "prompt_attack.user", 1, {{"conversation", "c"}}, Severity::kHigh);
  quiet.status = store::WorkStatus::kSuppressed;
  take({quiet, make("sensor", "sensor.health", 1, {{"conversation", "c"}}, Severity::kHigh),
        make("b", "prompt_attack.user", 2, {{"conversation", "c"}}, Severity::kHigh)});
  ASSERT_EQ(incidents().size(), 2U);
  for (const auto& incident : incidents()) EXPECT_EQ(incident.alert_count, 1);
  EXPECT_EQ((*store::AlertStore(pool()).get("a"))->status, store::WorkStatus::kResolved);
  EXPECT_EQ((*store::AlertStore(pool()).get("a"))->classification, "true_positive");
}

TEST_P(CorrelatorTest, PeopleMergeAndSplitAndCorrelationLeavesItSo) {
  take({make("a", "prompt_attack.user", 0, {{"conversation", "c1"}}, Severity::kHigh),
        make("b", "credential.response", 1, {{"conversation", "c1"}}),
        make("x", "tool.tainted_call", 2, {{"conversation", "c2"}}, Severity::kHigh)});
  auto list = incidents();
  ASSERT_EQ(list.size(), 2U);
  const int64_t first = std::min(list[0].id, list[1].id);
  const int64_t second = std::max(list[0].id, list[1].id);
  const auto merged = correlator_.merge(first, {second});
  ASSERT_TRUE(merged.ok() && merged->has_value());
  EXPECT_EQ((*merged)->alert_count, 3);
  EXPECT_EQ(incidents().size(), 1U);

  EXPECT_FALSE(correlator_.split(first, {"a", "b", "x"})->has_value()) << "nothing would be left";
  EXPECT_FALSE(correlator_.split(first, {"nobody"})->has_value());
  EXPECT_EQ(uids_in(first).size(), 3U) << "a refused split changes nothing";
  const auto split = correlator_.split(first, {"a"});
  ASSERT_TRUE(split.ok() && split->has_value());
  EXPECT_EQ((*split)->alert_count, 1);
  EXPECT_EQ((*incidents_.get(first))->alert_count, 2);

  // Conversation c1 now leads to both: neither is merged again, the newest link decides.
  take({make("d", "tool.tainted_exec", 9, {{"conversation", "c1"}})});
  EXPECT_EQ(incidents().size(), 2U);
  EXPECT_EQ(uids_in(first), (std::vector<std::string>{"b", "x", "d"}));
  EXPECT_FALSE(correlator_.merge(first, {999})->has_value());
}

TEST_P(CorrelatorTest, TwoReplicasTakeEachAlertOnce) {
  std::vector<NewAlert> alerts;
  for (int i = 0; i < 400; ++i) {
    alerts.push_back(make(fmt::format("a{}", i), "prompt_attack.user", i,
                          {{"conversation", fmt::format("c{}", i / 4)}}));
  }
  store_alerts(alerts);
  std::atomic<size_t> taken = 0;
  auto replica = [this, &taken] {
    Correlator correlator(pool());
    while (taken < 400) {
      const auto round = correlator.run_once(20);
      ASSERT_TRUE(round.ok()) << round.error().message;
      taken += round->alerts;
    }
  };
  std::thread one(replica);
  std::thread two(replica);
  one.join();
  two.join();
  EXPECT_EQ(taken, 400U);
  EXPECT_EQ(incidents().size(), 100U);
  for (const auto& incident : incidents()) EXPECT_EQ(incident.alert_count, 4);
}

TEST_P(CorrelatorTest, TwoPeopleWhoChangeAnIncidentAtOnceLoseNothingOfEachOther) {
  take({make("a", "prompt_attack.user", 0, {{"conversation", "c1"}}),
        make("b", "tool.tainted_call", 1, {{"conversation", "c1"}})});
  const int64_t id = incidents().front().id;
  for (int round = 0; round < 20; ++round) {
    const auto status = round % 2 == 0 ? store::WorkStatus::kInProgress : store::WorkStatus::kNew;
    const std::string classification = round % 2 == 0 ? "true_positive" : "benign";
    store::IncidentChange one;
    one.work.status = status;
    store::IncidentChange other;
    other.work.classification = classification;
    std::thread first([&] { ASSERT_TRUE(incidents_.change(id, one).ok()); });
    std::thread second([&] { ASSERT_TRUE(incidents_.change(id, other).ok()); });
    first.join();
    second.join();
    const auto incident = incidents_.get(id);
    EXPECT_EQ((*incident)->status, status);
    EXPECT_EQ((*incident)->classification, classification);
    const auto members = incidents_.alerts(id, 10);
    for (const auto& member : *members) {
      EXPECT_EQ(member.alert.status, status);
      EXPECT_EQ(member.alert.classification, classification);
    }
  }
}

}  // namespace
}  // namespace sonde::incident
