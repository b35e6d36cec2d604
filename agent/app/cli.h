// The command line of `sonde`: reads arguments and calls the command.
#pragma once

namespace sonde::app {

int run_cli(int argc, char** argv);

}  // namespace sonde::app
