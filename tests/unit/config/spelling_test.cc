#include "agent/config/spelling.h"

#include <gtest/gtest.h>

namespace sonde::config {
namespace {

TEST(SpellingTest, EditsAreCounted) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("level", "levle"), 1U);  // a swap
  EXPECT_EQ(edit_distance("level", "levl"), 1U);
  EXPECT_EQ(edit_distance("level", "labels"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(SpellingTest, TheNearestWordIsNamedWhereOneIsNear) {
  const std::vector<std::string_view> known = {"exes", "uids", "namespaces", "pod_labels"};
  EXPECT_EQ(meant("exe", known), "; did you mean 'exes'?");
  EXPECT_EQ(meant("namespace", known), "; did you mean 'namespaces'?");
  EXPECT_EQ(meant("podlabel", known), "; did you mean 'pod_labels'?");
  EXPECT_EQ(meant("x", known), ";");
  EXPECT_EQ(meant("colour", known), ";");
  EXPECT_EQ(meant(std::string(1 << 20, 'a'), known), ";");
}

}  // namespace
}  // namespace sonde::config
