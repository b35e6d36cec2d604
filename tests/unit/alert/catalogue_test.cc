#include "agent/alert/catalogue.h"

#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "agent/alert/atlas.h"
#include "agent/detect/catalogue.h"

namespace sonde::alert {
namespace {

TEST(CatalogueTest, AnAlertHasItsOwnWords) {
  EXPECT_EQ(catalogue_entry("prompt_attack.blocked").name, "prompt_attack.blocked");
  EXPECT_EQ(catalogue_entry("tool.tainted_exec").name, "tool.tainted_exec");
}

TEST(CatalogueTest, EveryTechniqueOfAnAlertHasAName) {
  for (const detect::AlertInfo& alert : detect::alert_catalogue()) {
    std::istringstream techniques{std::string(alert.atlas)};
    for (std::string id; techniques >> id;) {
      EXPECT_NE(technique_name(id), id) << alert.name;
      EXPECT_NE(technique_name(id.substr(0, 9)), id.substr(0, 9)) << alert.name;
    }
  }
  EXPECT_EQ(technique_name("AML.T9999"), "AML.T9999");
}

TEST(CatalogueTest, ANameBelowAKnownOneTakesItsWords) {
  EXPECT_EQ(catalogue_entry("custom.no_leaks.strict").name, "custom");
}

TEST(CatalogueTest, AnUnknownNameGetsGeneralWords) {
  EXPECT_EQ(catalogue_entry("customer").name, "");
  EXPECT_NE(catalogue_entry("customer").title, "");
  EXPECT_NE(catalogue_entry("").remediation, "");
}

}  // namespace
}  // namespace sonde::alert
