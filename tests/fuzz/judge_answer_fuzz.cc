// What a remote judge answers: whoever wrote the text it judged may have had a hand in it.
#include "agent/app/remote/judge_protocol.h"
#include "agent/app/remote/judge_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  sonde::config::RemoteJudge judge;
  for (const char* type : {"prompt_shields", "openai"}) {
    judge.type = type;
    for (const bool document : {false, true}) {
      const auto verdict = sonde::app::read_judge_answer(judge, document, body);
      if (!verdict.ok()) continue;
      if (verdict->categories.size() > 128) __builtin_trap();
      for (const char c : verdict->categories) {
        if (static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) > '~' ||
            c == '<') {
          __builtin_trap();
        }
      }
    }
  }
  // Texts are as hostile as answers.
  const size_t focus = size / 2;
  const std::string_view shown = sonde::app::cut_to_sentences(body, focus, 100);
  if (sonde::app::utf16_units(shown) > 100) __builtin_trap();
  return 0;
}
