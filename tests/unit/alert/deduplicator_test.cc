#include "agent/alert/deduplicator.h"

#include <gtest/gtest.h>

#include "tests/unit/alert/sample.h"

namespace sonde::alert {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

class DeduplicatorTest : public ::testing::Test {
 protected:
  Deduplicator::Verdict admit(const detect::Finding& finding, uint64_t second) {
    return deduplicator_.admit(finding, exchange_, wall_time(second * kSecond));
  }
  Counters counters_;
  llm::Exchange exchange_ = sample_exchange();
  Deduplicator deduplicator_{{std::chrono::seconds(60), 4}, counters_};
};

TEST_F(DeduplicatorTest, TheSameFingerprintInTheWindowIsMergedAndCounted) {
  detect::Finding finding = sample_finding();
  EXPECT_TRUE(admit(finding, 100).raise);
  finding.evidence = "the same key in other words";
  finding.start = 99;
  EXPECT_FALSE(admit(finding, 130).raise);
  EXPECT_FALSE(admit(finding, 159).raise);
  const auto later = admit(finding, 160);
  EXPECT_TRUE(later.raise);
  EXPECT_EQ(later.merged_before, 2U);
  EXPECT_EQ(counters_.value(Count::kAlertsDeduplicated), 2U);
}

TEST_F(DeduplicatorTest, AClockThatWasSetBackSilencesNothing) {
  const detect::Finding finding = sample_finding();
  EXPECT_TRUE(admit(finding, 7200).raise);
  EXPECT_FALSE(admit(finding, 7190).raise) << "exchanges end in another order than they begin";
  EXPECT_TRUE(admit(finding, 3600).raise);
  EXPECT_FALSE(admit(finding, 3601).raise);
}

TEST_F(DeduplicatorTest, AnotherNameProofOrApplicationIsAnotherAlert) {
  detect::Finding finding = sample_finding();
  EXPECT_TRUE(admit(finding, 1).raise);
  finding.data["fingerprint"] = "other";
  EXPECT_TRUE(admit(finding, 1).raise);
  finding.alert = "credential.prompt";
  EXPECT_TRUE(admit(finding, 1).raise);
  exchange_.user.application_name = "another";
  EXPECT_TRUE(admit(finding, 1).raise);
}

TEST_F(DeduplicatorTest, PersonalDataOfATypeIsOneAlertWhoseverItIs) {
  detect::Finding finding = sample_finding();
  finding.alert = "sensitive_data.prompt";
  finding.subtype = "payment_card";
  EXPECT_TRUE(admit(finding, 1).raise);
  finding.data["fingerprint"] = "another card";
  EXPECT_FALSE(admit(finding, 2).raise);
  finding.subtype = "iban";
  EXPECT_TRUE(admit(finding, 3).raise);
  finding.alert = "sensitive_data.response";
  EXPECT_TRUE(admit(finding, 4).raise);
}

TEST_F(DeduplicatorTest, WithoutFingerprintTheEvidenceDecides) {
  detect::Finding finding = sample_finding();
  finding.data.clear();
  EXPECT_TRUE(admit(finding, 1).raise);
  EXPECT_FALSE(admit(finding, 2).raise);
  finding.evidence = "something else";
  EXPECT_TRUE(admit(finding, 3).raise);
}

TEST_F(DeduplicatorTest, ACallInOtherJsonIsTheSameCall) {
  detect::Finding finding = sample_finding();
  finding.data.clear();
  finding.evidence = R"({"command": "touch x", "timeout": 5})";
  EXPECT_TRUE(admit(finding, 1).raise);
  finding.evidence = R"({"command":"touch x","timeout":5})";
  EXPECT_FALSE(admit(finding, 2).raise);
}

TEST_F(DeduplicatorTest, WithoutAnyProofOnlyTheSameExchangeIsMerged) {
  detect::Finding finding = sample_finding();
  finding.data.clear();
  finding.evidence.clear();
  EXPECT_TRUE(admit(finding, 1).raise);
  EXPECT_FALSE(admit(finding, 1).raise);
  exchange_.id = "another";
  EXPECT_TRUE(admit(finding, 1).raise);
}

TEST_F(DeduplicatorTest, MemoryIsBoundedAndTheOldestIsForgotten) {
  detect::Finding finding = sample_finding();
  for (int i = 0; i < 100; ++i) {
    finding.data["fingerprint"] = std::to_string(i);
    EXPECT_TRUE(admit(finding, 1).raise);
    EXPECT_LE(deduplicator_.size(), 4U);
  }
  finding.data["fingerprint"] = "99";
  EXPECT_FALSE(admit(finding, 1).raise);
  finding.data["fingerprint"] = "0";
  EXPECT_TRUE(admit(finding, 1).raise);
}

TEST_F(DeduplicatorTest, TimeThatGoesBackwardsMerges) {
  EXPECT_TRUE(admit(sample_finding(), 100).raise);
  EXPECT_FALSE(admit(sample_finding(), 50).raise);
}

}  // namespace
}  // namespace sonde::alert
