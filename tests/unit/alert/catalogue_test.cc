#include "agent/alert/catalogue.h"

#include <gtest/gtest.h>

namespace sonde::alert {
namespace {

TEST(CatalogueTest, AnAlertHasItsOwnWords) {
  EXPECT_EQ(catalogue_entry("prompt_attack.blocked").name, "prompt_attack.blocked");
  EXPECT_EQ(catalogue_entry("tool.tainted_exec").name, "tool.tainted_exec");
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
