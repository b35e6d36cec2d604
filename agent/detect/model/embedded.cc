#include "agent/detect/model/embedded.h"

// The assembler reads the files as they are; SONDE_MODEL_DIR is this folder (CMakeLists.txt).
#define SONDE_EMBED(symbol, file)           \
  __asm__(                                  \
      ".section .rodata\n"                  \
      ".balign 16\n"                        \
      ".hidden " #symbol                    \
      "_begin\n"                            \
      ".globl " #symbol "_begin\n" #symbol  \
      "_begin:\n"                           \
      ".incbin \"" SONDE_MODEL_DIR "/" file \
      "\"\n"                                \
      ".hidden " #symbol                    \
      "_end\n"                              \
      ".globl " #symbol "_end\n" #symbol    \
      "_end:\n"                             \
      ".byte 0\n"                           \
      ".previous\n")

SONDE_EMBED(sonde_model_lexicon, "lexicon.txt");
SONDE_EMBED(sonde_model_weights, "weights.bin");

extern "C" {
extern const char sonde_model_lexicon_begin[];
extern const char sonde_model_lexicon_end[];
extern const char sonde_model_weights_begin[];
extern const char sonde_model_weights_end[];
}

namespace sonde::detect::model {

std::string_view embedded_lexicon() {
  return {sonde_model_lexicon_begin,
          static_cast<size_t>(sonde_model_lexicon_end - sonde_model_lexicon_begin)};
}

std::string_view embedded_weights() {
  return {sonde_model_weights_begin,
          static_cast<size_t>(sonde_model_weights_end - sonde_model_weights_begin)};
}

}  // namespace sonde::detect::model
