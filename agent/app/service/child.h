// Runs a program and keeps what it prints: for reports that put together what others know.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace sonde::app {

struct ChildOutput {
  bool started = false;
  int exit_code = -1;  // -1: ended by a signal, or by us after the deadline
  std::string text;    // standard output and error, at most `max_bytes` from the front
};

// `arguments[0]` is looked for in PATH. Standard input is empty. Blocks until the end of the child
// or the deadline, when it is killed.
ChildOutput run_child(const std::vector<std::string>& arguments, std::chrono::seconds deadline,
                      size_t max_bytes);

}  // namespace sonde::app
