#include "agent/detect/personal_data.h"

#include <string>

#include "tests/unit/detect/engine_fixture.h"

namespace sonde::detect {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

// The types in `text`, joined by spaces.
std::string types(const std::string& text) {
  std::string out;
  for (const PersonalData& item : find_personal_data(text)) {
    if (!out.empty()) out += ' ';
    out += item.type;
  }
  return out;
}

// Numbers of nobody: made from the published rules, or from the examples of the authorities.
TEST(NationalIdTest, ValidNumbersOfManyCountriesAreNamed) {
  const struct {
    const char* text;
    const char* type;
  } cases[] = {
      {"SSN 536-90-4399", "us_ssn"},
      {"ITIN: 912-70-1234", "us_itin"},
      {"SIN: 130 692 544", "ca_sin"},
      {"TFN 123 456 782", "au_tfn"},
      {"BSN 111222333", "nl_bsn"},
      {"NHS number 943 476 5919", "uk_nhs"},
      {"NI number AB123456C", "uk_nino"},
      {"her number is AB 12 34 56 C.", "uk_nino"},
      {"Steuer-ID 86095742719", "de_steuer_id"},
      {"NIR 2 55 08 14 168 025 38", "fr_nir"},
      {"Rijksregisternummer 85.07.30-033.28", "be_rrn"},
      {"PESEL 44051401359", "pl_pesel"},
      {"AHV 756.9217.0769.85", "ch_ahv"},
      {"CPF 529.982.247-25", "br_cpf"},
      {"CUIT 20-11111111-2", "ar_cuit"},
      {"RUT 12.345.678-5", "cl_rut"},
      {"DNI 12345678Z", "es_dni"},
      {"NIE X1234567L", "es_nie"},
      {"CF RSSMRA85T10A562S", "it_codice_fiscale"},
      {"hetu 131052-308T", "fi_hetu"},
      {"NRIC S1234567D", "sg_nric"},
      {"Aadhaar 2341 2341 2346", "in_aadhaar"},
      {"PAN: ABCPE1234F", "in_pan"},
      {"11010519491231002X", "cn_id"},
      {"Taiwan ID A123456789", "tw_id"},
      {"PPS 1234567T", "ie_pps"},
      {"OIB 69435151530", "hr_oib"},
      {"TCKN 10000000146", "tr_tckn"},
      {"personnummer 811218-9876", "se_personnummer"},
      {"CNP 1800101221144", "ro_cnp"},
      {"ID number 8001015009087", "za_id"},
      {"EGN 7523169263", "bg_egn"},
      {"\u0415\u0413\u041d 7523169263", "bg_egn"},
      {"F\u00d8DSELSNUMMER: 01019000164", "no_fnr"},
      {"f\u00f8dselsnummer 01019000164", "no_fnr"},
      {"CURP HEGG560427MVZRRL04", "mx_curp"},
      {"isikukood 38503123681", "ee_isikukood"},
      {"personas kods 120385-42621", "lv_personas_kods"},
      {"JMBG 1203985558282", "rs_jmbg"},
      {"\u0420\u041d\u041e\u041a\u041f\u041f 5067496577", "ua_rnokpp"},
      {"112-471-465 22", "ru_snils"},
      {"\u0418\u041d\u041d 779849966429", "ru_inn"},
      {"MyKad 850312-14-5523", "my_nric"},
      {"kennitala 120385-0709", "is_kennitala"},
      {"ad\u00f3azonos\u00edt\u00f3 jel: 8463067425", "hu_adoazonosito"},
      {"CI 3.034.246-4", "uy_ci"},
      {"DNI 12345678-Z", "es_dni"},
      {"My national ID is 44051401359", "pl_pesel"},
      {"\u05de\u05e1\u05e4\u05e8 \u05d6\u05d4\u05d5\u05ea 123456782", "il_id"},
      {"passport number X1234567", "passport"},
      {"Reisepass C01X00T47", "passport"},
      {"my driver's license is F2552413", "us_driver_license"},
  };
  for (const auto& [text, type] : cases) EXPECT_EQ(types(text), type) << text;
}

TEST(NationalIdTest, WrongCheckDigitsAndBareNumbersAreSpared) {
  for (const char* text : {"CPF 529.982.247-26",
                           "DNI 12345678A",
                           "PESEL 44051401358",
                           "NIR 255081416802539",
                           "hetu 131052-308U",
                           "order 111222333",
                           "id 943476591",
                           "86095742719",
                           "4405140135",
                           "version 1.2.3-4567",
                           "build 2024.01.02-33",
                           "CF RSSMRA85T10A562T",
                           "Aadhaar 2341 2341 2347",
                           "\"tracking_id\": \"4111111111111111\"",
                           "see www.nhs.uk or ask 9434765919",
                           "ref 630490017740292441",
                           "card 4111 1111 1111 1112",
                           "IBAN DE44500105175407324932",
                           "passport control, gate 12345678",
                           "powers 476837158203125",
                           "national id of 12 digits",
                           "tax number 44051401358",
                           "driver license plate AB"}) {
    EXPECT_EQ(types(text), "") << text;
  }
}

class SensitiveDataTest : public EngineFixture {};

TEST_F(SensitiveDataTest, TypeCountAndPlaceAreToldAndTheValueIsNot) {
  const auto inspection = engine_->inspect(text(
      llm::Zone::kAssistant, "Cards: 4111 1111 1111 1111 and 5500 0000 0000 0004, thank you."));
  ASSERT_EQ(inspection.findings.size(), 1u);
  const Finding& finding = inspection.findings[0];
  EXPECT_EQ(finding.alert, "sensitive_data.response");
  EXPECT_EQ(finding.subtype, "payment_card");
  EXPECT_EQ(finding.data.at("count"), "2");
  EXPECT_EQ(finding.evidence.find("4111"), std::string::npos);
  EXPECT_EQ(finding.evidence.find("5500"), std::string::npos);
}

// What a tool is called with came from somewhere, where it was told.
TEST_F(SensitiveDataTest, PassedOnToAToolIsNotToldAgain) {
  const std::string card = "4111 1111 1111 1111";
  EXPECT_THAT(alerts(call("pay", "{\"card\": \"" + card + "\"}")),
              Contains("sensitive_data.response"));
  llm::Exchange exchange = call("pay", "{\"card\": \"" + card + "\"}");
  exchange.input = text(llm::Zone::kUser, "Pay with " + card).input;
  EXPECT_THAT(alerts(exchange), Not(Contains("sensitive_data.response")));
  EXPECT_THAT(alerts(exchange), Contains("sensitive_data.prompt"));
}

// An account to pay to is the work of a bank's agent.
TEST_F(SensitiveDataTest, AccountsInResultsOfToolsAreNoDisclosure) {
  const std::string iban = "IBAN DE44500105175407324931";
  EXPECT_THAT(alerts(text(llm::Zone::kTool, iban)), IsEmpty());
  EXPECT_THAT(alerts(text(llm::Zone::kUser, iban)), Contains("sensitive_data.prompt"));
}

TEST_F(SensitiveDataTest, EmailCountsWhereItIsSaidWhoseItIs) {
  EXPECT_THAT(alerts(text(llm::Zone::kUser, "Sure, my email is anna.roe@posteo.de")),
              Contains("sensitive_data.prompt"));
  EXPECT_THAT(alerts(text(llm::Zone::kUser, "Maintainer: anna.roe@posteo.de")), IsEmpty());
}

TEST_F(SensitiveDataTest, SignatureIsNoListOfContacts) {
  EXPECT_THAT(alerts(text(llm::Zone::kUser, "Yours, Anna (anna@acme.example, +49 30 1234567)")),
              IsEmpty());
  std::string list;
  for (char c = 'a'; c <= 'z'; ++c) list += std::string(1, c) + "@acme.example\n";
  EXPECT_THAT(alerts(text(llm::Zone::kUser, list)), Contains("sensitive_data.prompt"));
}

TEST_F(SensitiveDataTest, EncodedPersonalDataIsFoundToo) {
  // "Ada, card 4012 8888 8888 1881"
  const auto findings =
      engine_
          ->inspect(
              text(llm::Zone::kUser, "decode QWRhLCBjYXJkIDQwMTIgODg4OCA4ODg4IDE4ODE= please"))
          .findings;
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].alert, "sensitive_data.prompt");
  EXPECT_EQ(findings[0].subtype, "payment_card");
  EXPECT_EQ(findings[0].data.at("encoding"), "base64");
  EXPECT_EQ(findings[0].evidence.find("QWRh"), std::string::npos);
}

}  // namespace
}  // namespace sonde::detect
