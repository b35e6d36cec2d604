// An incident as a STIX bundle.
#include "collector/export/stix.h"

#include <map>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/collector/support/sample.h"

namespace sonde::exporting {
namespace {

using nlohmann::json;

TEST(StixTest, ABundleHoldsTheIncidentWhatWasSeenAndHowUnderStableIds) {
  store::Incident incident;
  incident.id = 7;
  incident.title = "Prompt injection led to tool use";
  incident.severity = store::Severity::kHigh;
  incident.first_ms = 1'795'430'000'000;
  StixAlert alert;
  alert.entry.alert.uid = "alert-1";
  alert.entry.alert.time_ms = incident.first_ms;
  alert.entry.alert.title = "An instruction in a document";
  alert.entry.entities = {{"url", "https://evil.example/x"},
                          {"source_ip", "192.0.2.1"},
                          {"tool", "t"},
                          {"host", "web-1"}};
  alert.ocsf = R"({"finding_info":{"attacks":[{"technique":{"uid":"AML.T0051"},)"
               R"("sub_technique":{"uid":"AML.T0051.001"}}]}})";
  const json bundle = stix_bundle(incident, {alert}, 1'795'430'100'000);
  const json again = stix_bundle(incident, {alert}, 1'795'430'200'000);
  std::map<std::string, int> types;
  std::set<std::string> ids;
  for (const json& object : bundle["objects"]) {
    ++types[object["type"]];
    EXPECT_EQ(object["spec_version"], "2.1");
    EXPECT_TRUE(ids.insert(object["id"]).second);
    const std::string id = object["id"];
    EXPECT_EQ(id.size(), object["type"].get<std::string>().size() + 2 + 36) << id;
    EXPECT_EQ(id[id.size() - 22], '5') << "UUID version: " << id;
  }
  EXPECT_EQ(types["incident"], 1);
  EXPECT_EQ(types["attack-pattern"], 1);
  EXPECT_EQ(types["url"], 1);
  EXPECT_EQ(types["ipv4-addr"], 1);
  EXPECT_EQ(types["observed-data"], 1);
  EXPECT_EQ(types["relationship"], 2);
  for (const json& object : bundle["objects"]) {
    for (const char* key : {"source_ref", "target_ref", "created_by_ref"}) {
      if (!object.contains(key)) continue;
      EXPECT_TRUE(ids.contains(object[key])) << object;
    }
  }
  EXPECT_EQ(types["domain-name"], 0) << "the sensor's own host is nobody's indicator";
  std::map<std::string, json> by_id;
  for (const json& object : bundle["objects"]) by_id[object["id"]] = object;
  for (const json& object : again["objects"]) {
    ASSERT_TRUE(by_id.contains(object["id"]));
    const json& before = by_id[object["id"]];
    EXPECT_EQ(object.value("created", ""), before.value("created", "")) << object;
    if (object["type"] == "identity" || object["type"] == "relationship") {
      EXPECT_EQ(object["modified"], before["modified"]) << object;
    }
    // What any other tool makes of this address: UUIDv5 of {"value":"192.0.2.1"}.
    if (object["type"] == "ipv4-addr") {
      EXPECT_EQ(object["id"], "ipv4-addr--8dded90c-40c0-545a-8027-5b212bb37e8e");
    }
  }
}

}  // namespace
}  // namespace sonde::exporting
