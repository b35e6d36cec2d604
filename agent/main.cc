#include <sys/stat.h>

#include "agent/app/cli.h"

int main(int argc, char** argv) {
  umask(077);  // recordings, spools and keys are nobody else's
  return sonde::app::run_cli(argc, argv);
}
