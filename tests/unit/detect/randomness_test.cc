#include "agent/detect/randomness.h"

#include <gtest/gtest.h>

namespace sonde::detect {
namespace {

TEST(RandomnessTest, WordsAndMadeUpPasswordsAreNoRandomText) {
  for (const char* value : {"password123", "Summer2024!", "CleartextPassword1", "JohnDoe123!",
                            "user_authentication_v2", "get-access-token-2", "test1234test", ""}) {
    EXPECT_FALSE(looks_random(value)) << value;
  }
}

TEST(RandomnessTest, WhatAMachineDrewIsRandom) {
  for (const char* value : {"yqDVtkqPECriaLRi", "pRf7vG2h1L8nQkW9", "x9Kp2mQ7",
                            "3012a5754bbd716926f99c028f7ea428", "zkqvbxwjmpft"}) {
    EXPECT_TRUE(looks_random(value)) << value;
  }
}

}  // namespace
}  // namespace sonde::detect
