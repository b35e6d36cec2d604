#include "agent/attach/usual_files.h"

#include <glob.h>

namespace sonde::attach {
namespace {

constexpr const char* kPatterns[] = {"/usr/lib/*-linux-gnu/libssl.so*",
                                     "/usr/lib/libssl.so*",
                                     "/usr/lib64/libssl.so*",
                                     "/usr/local/lib/libssl.so*",
                                     "/usr/local/lib64/libssl.so*",
                                     "/usr/lib/*-linux-gnu/libgnutls.so*",
                                     "/usr/lib64/libgnutls.so*",
                                     "/usr/lib/*-linux-gnu/libssl3.so",
                                     "/usr/lib64/libssl3.so",
                                     "/usr/bin/node",
                                     "/usr/local/bin/node",
                                     "/opt/*/lib/libssl.so*"};

}  // namespace

std::vector<std::string> usual_tls_files(const std::string& root) {
  std::vector<std::string> files;
  for (const char* pattern : kPatterns) {
    glob_t found{};
    if (glob((root + pattern).c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
      for (size_t i = 0; i < found.gl_pathc; ++i) files.emplace_back(found.gl_pathv[i]);
    }
    globfree(&found);
  }
  return files;
}

}  // namespace sonde::attach
