#include "agent/app/cli.h"

int main(int argc, char** argv) { return sonde::app::run_cli(argc, argv); }
