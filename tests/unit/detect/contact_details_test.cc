// Contact data of persons: what counts by its context, and what is nobody's.
#include "agent/detect/contact_details.h"

#include <algorithm>
#include <string>
#include <vector>

#include "agent/detect/postal_address.h"
#include "tests/unit/detect/engine_fixture.h"

namespace sonde::detect {
namespace {

using llm::Zone;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> types(std::string_view text) {
  std::vector<std::string> out;
  for (const PersonalData& item : contacts_of_persons(text, find_personal_data(text))) {
    out.emplace_back(item.type);
  }
  return out;
}

bool holds_address(std::string_view text) {
  const auto items = find_personal_data(text);
  return std::any_of(items.begin(), items.end(),
                     [](const PersonalData& item) { return item.type == "postal_address"; });
}

TEST(ContactDetailsTest, LabelledContactsCount) {
  EXPECT_THAT(types("You can call me at +44 20 7946 1234 after six."), Contains("phone"));
  EXPECT_THAT(types("Full name: Jonas Keller, mail jonas.keller@posteo.de"), Contains("email"));
  EXPECT_THAT(types("Telefon: 030 901820 55, bitte abends."), Contains("phone"));
  EXPECT_THAT(types("Mon adresse: 12, rue de la Paix, 75002 Paris"), Contains("postal_address"));
}

TEST(ContactDetailsTest, LabelBehindTheNumberOfACard) {
  EXPECT_THAT(types("Tiffany Kilford\nNera Consulting\n+1-944-435-4352x04732 mobile"),
              Contains("phone"));
  EXPECT_THAT(types("Jonas Keller, +49 30 901820 55 (privat)"), Contains("phone"));
  EXPECT_THAT(types("The counter says +49 30 901820 55 homeless people."), Not(Contains("phone")));
}

TEST(ContactDetailsTest, SeveralKindsTogetherCount) {
  EXPECT_THAT(types("Jonas Keller, Lindenstraße 5, 10969 Berlin, jonas.keller@posteo.de"),
              AllOf(Contains("postal_address"), Contains("email")));
}

TEST(ContactDetailsTest, AloneOrNobodysTheyDoNot) {
  EXPECT_THAT(types("See the list archive of jonas.keller@posteo.de for the patch."), IsEmpty());
  EXPECT_THAT(types("Email: support@acme.com, phone: 1-800-326-7890"), IsEmpty());
  EXPECT_THAT(types("My name is Anna, my email is anna@example.com"), IsEmpty());
  EXPECT_THAT(types("Call me at 212-555-0147"), IsEmpty());
}

TEST(ContactDetailsTest, AddressesOfManyCountries) {
  for (const char* text :
       {"She lives at 48 Mill Lane, Cambridge CB2 1TN.",
        "Ship to 710 Sunset Drive, Phoenix, AZ 85034", "Kerkstraat 112, 1017 GP Amsterdam",
        "Calle Mayor, 14, 28013 Madrid", "Via Garibaldi 7, 20121 Milano",
        "Rua Augusta 1200, 01304-001 São Paulo", "ul. Polna 7, 00-625 Warszawa",
        "8 avenue Foch, 75116 Paris", "Storgatan 3, 111 51 Stockholm"}) {
    EXPECT_TRUE(holds_address(text)) << text;
  }
}

TEST(ContactDetailsTest, WhatOnlyLooksLikeAnAddressIsNone) {
  for (const char* text :
       {"We waited 20 minutes on Main Street.", "Chapter 5 Drive safely, page 1234",
        "In 1995 Wall Street rose by 2000 points.", "The 3 Little Pigs, 2004",
        "Win 10 St. 2021 builds", "Section 4 Way of Life, 10115 copies sold"}) {
    EXPECT_FALSE(holds_address(text)) << text;
  }
}

class ContactAlertsTest : public EngineFixture {};

TEST_F(ContactAlertsTest, OneLowAlertOfEachKindWithMaskedEvidence) {
  const auto exchange = text(Zone::kUser, "I am Jonas, I live at Lindenstraße 5, 10969 Berlin.");
  const auto findings = engine_->inspect(exchange).findings;
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].alert, "sensitive_data.prompt");
  EXPECT_EQ(findings[0].subtype, "postal_address");
  EXPECT_EQ(findings[0].severity, Severity::kLow);
  EXPECT_THAT(findings[0].evidence, Not(HasSubstr("Linden")));
}

TEST_F(ContactAlertsTest, RecordsAndRecipientsAreNoDisclosure) {
  const char* record = R"({"name":"Jonas Keller","email":"jk@posteo.de","phone":"+4930901820"})";
  EXPECT_THAT(alerts(text(Zone::kTool, record)), Not(Contains("sensitive_data.prompt")));
  EXPECT_THAT(alerts(text(Zone::kUser, record)), Contains("sensitive_data.prompt"));
  EXPECT_THAT(
      alerts(call("send_email", R"({"email":"jonas.keller@posteo.de","phone":"+4930901820"})")),
      Not(Contains("sensitive_data.response")));
}

}  // namespace
}  // namespace sonde::detect
