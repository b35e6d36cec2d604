#include "collector/store/accounts.h"

#include <gtest/gtest.h>

#include "collector/store/secrets.h"
#include "tests/collector/support/database.h"

namespace sonde::store {
namespace {

constexpr std::string_view kPassword = "correct horse battery";

class AccountStoreTest : public testing::StoreTest {
 protected:
  AccountStore accounts_{pool()};
};
SONDE_ON_BOTH_STORES(AccountStoreTest);

TEST_P(AccountStoreTest, OnlyTheRightPasswordOfAKnownUserCounts) {
  ASSERT_TRUE(accounts_.add_user("ada", Role::kAnalyst, kPassword, 1).ok());
  const auto user = accounts_.check_password("ada", kPassword);
  ASSERT_TRUE(user.ok() && user->has_value());
  EXPECT_EQ((*user)->role, Role::kAnalyst);
  EXPECT_FALSE(accounts_.check_password("ada", "wrong horse battery")->has_value());
  EXPECT_FALSE(accounts_.check_password("eve", kPassword)->has_value());
  EXPECT_FALSE(accounts_.check_password("ada' OR '1'='1", kPassword)->has_value());
}

TEST_P(AccountStoreTest, TheSameNameTwiceAndAShortPasswordAreRefused) {
  ASSERT_TRUE(accounts_.add_user("ada", Role::kViewer, kPassword, 1).ok());
  const auto again = accounts_.add_user("ada", Role::kAdmin, kPassword, 1);
  ASSERT_FALSE(again.ok());
  EXPECT_NE(again.error().message.find("already"), std::string::npos);
  EXPECT_FALSE(accounts_.add_user("bob", Role::kViewer, "short", 1).ok());
  EXPECT_FALSE(accounts_.add_user("b b", Role::kViewer, kPassword, 1).ok());
}

TEST_P(AccountStoreTest, NeitherPasswordsNorSecretsStandInTheStore) {
  ASSERT_TRUE(accounts_.add_user("ada", Role::kViewer, kPassword, 1).ok());
  const auto token = accounts_.create_token("ci", Role::kViewer, 1, std::nullopt);
  auto lease = pool().read();
  const auto rows =
      (*lease)->query("SELECT password_hash FROM users UNION ALL SELECT token_hash FROM tokens");
  ASSERT_EQ(rows->size(), 2U);
  for (const sql::Row& row : *rows) {
    EXPECT_EQ(row.text(0).find(kPassword), std::string::npos);
    EXPECT_EQ(row.text(0).find(token->secret), std::string::npos);
  }
  EXPECT_TRUE((*rows)[0].text(0).starts_with("$argon2id$"));
}

TEST_P(AccountStoreTest, ASessionEndsByTimeByLogoutAndByANewPassword) {
  const auto user = accounts_.add_user("ada", Role::kViewer, kPassword, 1);
  const auto session = accounts_.open_session(*user, 1000, 500);
  EXPECT_TRUE(accounts_.find_session(session->secret, 1499)->has_value());
  EXPECT_FALSE(accounts_.find_session(session->secret, 1500)->has_value());
  EXPECT_FALSE(accounts_.find_session("guess", 1100)->has_value());
  EXPECT_TRUE(*accounts_.close_session(session->secret));
  EXPECT_FALSE(accounts_.find_session(session->secret, 1100)->has_value());
  const auto other = accounts_.open_session(*user, 1000, 500);
  EXPECT_TRUE(*accounts_.set_password("ada", "another horse battery"));
  EXPECT_FALSE(accounts_.find_session(other->secret, 1100)->has_value());
  EXPECT_TRUE(accounts_.check_password("ada", "another horse battery")->has_value());
}

TEST_P(AccountStoreTest, ARemovedUserTakesTheSessionsAlong) {
  const auto user = accounts_.add_user("ada", Role::kViewer, kPassword, 1);
  const auto session = accounts_.open_session(*user, 1000, 500);
  EXPECT_TRUE(*accounts_.remove_user("ada"));
  EXPECT_FALSE(accounts_.find_session(session->secret, 1100)->has_value());
  EXPECT_FALSE(*accounts_.remove_user("ada"));
}

TEST_P(AccountStoreTest, ATokenCountsUntilItExpiresOrIsRevoked) {
  const auto forever = accounts_.create_token("agent-1", Role::kAgent, 1, std::nullopt);
  const auto brief = accounts_.create_token("ci", Role::kAdmin, 1, 100);
  EXPECT_EQ((*accounts_.find_token(forever->secret, 1'000'000))->name, "agent-1");
  EXPECT_TRUE(accounts_.find_token(brief->secret, 99)->has_value());
  EXPECT_FALSE(accounts_.find_token(brief->secret, 100)->has_value());
  EXPECT_TRUE(*accounts_.revoke_token(forever->token.id));
  EXPECT_FALSE(*accounts_.revoke_token(forever->token.id));
  EXPECT_FALSE(accounts_.find_token(forever->secret, 50)->has_value());
  ASSERT_TRUE(accounts_.remove_expired(200).ok());
  EXPECT_TRUE(accounts_.tokens()->empty());
}

TEST(SecretsTest, HashesAndSecretsAreWhatTheyClaim) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(random_secret().size(), 43U);
  EXPECT_NE(random_secret(), random_secret());
  EXPECT_EQ(random_secret().find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                              "0123456789-_"),
            std::string::npos);
  EXPECT_TRUE(equal_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_constant_time("abc", "ab"));
  EXPECT_FALSE(verify_password("not a hash", "x"));
}

}  // namespace
}  // namespace sonde::store
