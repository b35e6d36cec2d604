// Holds the dialects to recorded traffic: SONDE_CASSETTES names a folder of VCR recordings.
#include <cstdlib>
#include <iostream>
#include <map>

#include <gtest/gtest.h>

#include "tests/cassettes/cassette.h"
#include "tests/cassettes/oracle.h"
#include "tests/unit/llm/harness.h"

namespace sonde::test {
namespace {

struct Tally {
  int exact = 0;
  int differing = 0;
  int unheard = 0;
};

std::string api_of(const RecordedExchange& recorded) {
  std::string path = recorded.target.substr(0, recorded.target.find('?'));
  for (const char* word : {"/model/", "/deployments/", "/threads/", "/assistants/", "/models/"}) {
    const size_t at = path.find(word);
    if (at == std::string::npos) continue;
    const size_t begin = at + std::string(word).size();
    const size_t end = std::min(path.find('/', begin), path.size());
    path = path.substr(0, begin) + "*" + path.substr(end);
  }
  return recorded.host + path +
         (recorded.response_type.find("json") == std::string::npos ? " (streamed)" : "");
}

llm::Exchange play(const RecordedExchange& recorded, size_t split, bool& heard) {
  llm::test::Player player;
  player.play({.host = recorded.host,
               .target = recorded.target,
               .request = recorded.request,
               .response = recorded.response,
               .method = recorded.method,
               .request_type = recorded.request_type,
               .response_type = recorded.response_type,
               .status = recorded.status,
               .split = split});
  heard = !player.exchanges.empty();
  return heard ? std::move(player.exchanges.front()) : llm::Exchange{};
}

TEST(CassettesTest, EveryTextOfEveryRecordingIsInItsExchange) {
  const char* const folder = std::getenv("SONDE_CASSETTES");
  ASSERT_NE(folder, nullptr) << "SONDE_CASSETTES names no folder of recordings";
  std::map<std::string, Tally> table;
  for (const RecordedExchange& recorded : load_cassettes(folder)) {
    if (!is_llm_traffic(recorded)) continue;
    bool heard = false;
    const llm::Exchange exchange = play(recorded, recorded.response.size() / 2, heard);
    Tally& tally = table[api_of(recorded)];
    const auto missing =
        heard ? missing_from(exchange, recorded) : std::vector<std::string>{"everything"};
    (missing.empty() ? tally.exact : heard ? tally.differing : tally.unheard) += 1;
    for (const std::string& what : missing) {
      ADD_FAILURE() << recorded.file << " " << recorded.method << " " << recorded.target << ": "
                    << what;
    }
  }
  for (const auto& [api, tally] : table) {
    std::cout << api << ": " << tally.exact << " exact, " << tally.differing << " differing, "
              << tally.unheard << " unheard\n";
  }
}

}  // namespace
}  // namespace sonde::test
