// Recorded HTTP in the format of VCR (YAML), read from a folder that is not part of the project.
#pragma once

#include <string>
#include <vector>

namespace sonde::test {

struct RecordedExchange {
  std::string file;
  std::string method;
  std::string host;
  std::string target;
  std::string request;
  std::string request_type;
  std::string response;  // content codings removed
  std::string response_type;
  int status = 0;
};

// Every exchange of every *.yaml under the folder, sorted by file. Python reads the YAML: the
// recordings use forms that yaml-cpp refuses.
std::vector<RecordedExchange> load_cassettes(const std::string& folder);

}  // namespace sonde::test
