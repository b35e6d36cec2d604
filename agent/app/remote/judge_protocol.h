// What a remote judge is asked, and what its answer means. Pure: no network, no clock. Answers are
// hostile: whoever wrote the text that is judged may have talked the judge into anything.
//
// prompt_shields: Azure AI Content Safety, POST {endpoint}/contentsafety/text:shieldPrompt.
// openai: any model behind POST {url}/chat/completions that says what it thinks of the last user
// message: Llama Guard ("unsafe" and categories on the next line), Granite Guardian and ShieldGemma
// ("Yes", "<score> yes </score>"), Qwen3Guard ("Safety: Unsafe"), or JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "agent/config/config.h"

namespace sonde::app {

struct JudgeQuestion {
  bool document = false;  // text that nobody of the conversation wrote: a tool's result
  std::string text;
};

struct JudgeVerdict {
  bool attack = false;
  std::string categories;  // as the judge names them: letters, digits and ", _-"; may be empty
};

std::string judge_url(const config::RemoteJudge& judge);
std::vector<std::string> judge_headers(const config::RemoteJudge& judge, const std::string& secret);
std::string judge_body(const config::RemoteJudge& judge, const JudgeQuestion& question);

// An answer that is no verdict is an error, whose text holds nothing of the answer.
Result<JudgeVerdict> read_judge_answer(const config::RemoteJudge& judge, bool document,
                                       std::string_view body);

}  // namespace sonde::app
