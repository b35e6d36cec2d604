#include "agent/app/process_table.h"

#include <gtest/gtest.h>

namespace sonde::app {
namespace {

using namespace std::string_view_literals;

TEST(ProcessTableTest, TheFileItselfIsTheExecutableNotTheLinkThatLedToIt) {
  ProcessTable table;
  table.on_exec(7, {.path = "/usr/bin/python3", .names = "python3.11\0bin\0usr\0"sv});
  EXPECT_EQ(table.find(7).exe, "/usr/bin/python3.11");
}

TEST(ProcessTableTest, WhatExecveWasGivenStandsInWhereTheFileIsNotKnown) {
  ProcessTable table;
  table.on_exec(7, {.path = "/usr/bin/python3"});
  EXPECT_EQ(table.find(7).exe, "/usr/bin/python3");
}

TEST(ProcessTableTest, AProcessOverTooSoonHasTheParentsOfItsParent) {
  ProcessTable table;
  table.on_exec(7, {.parent_tgid = 6, .names = "curl\0"sv});
  EXPECT_EQ(table.find(7).parents.size(), 1U);
  table.on_process(6, {R"({"exe":"/bin/bash","parents":[{"pid":5,"exe":"/usr/bin/tmux"}]})"});
  const auto parents = table.find(7).parents;
  ASSERT_EQ(parents.size(), 2U);
  EXPECT_EQ(parents[0].exe, "/bin/bash");
  EXPECT_EQ(parents[1].exe, "/usr/bin/tmux");
}

}  // namespace
}  // namespace sonde::app
