// Where did a tool call come from? Three things must fit before a call counts as steered: untrusted
// text ordered an action, the call carries that order out, and what the user asked for does not
// explain it. Points are given for each piece of evidence; no single one suffices.
//
// One object follows one conversation from its first message on. Not thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/detect/provenance/arguments.h"
#include "agent/detect/provenance/orders.h"

namespace sonde::detect {

struct TaintEvidence {
  std::string_view reason;  // static: "value_in_order", "same_action", ...
  double points = 0;
};

// The judgement of one call.
struct Taint {
  double points = 0;
  std::vector<TaintEvidence> evidence;
  std::string argument;  // path of the argument that weighs most; empty: none
  std::string value;     // its text; plaintext
  std::string order;     // the sentence that ordered it; plaintext
  size_t source = 0;     // number that was given with the untrusted text, or kRemembered
  bool read_only = false;
  bool carries = false;      // the value is a URL that holds words of the conversation
  bool destination = false;  // the value is an address (e-mail, URL, account) that data goes to
};

// At or above: an alert. Set on benign agent runs (docs/DETECTION.md).
inline constexpr double kTaintAlarm = 5.5;
// The least that leads somewhere: kept as context of incidents.
inline constexpr double kTaintContext = 4.0;

class TaintTracker {
 public:
  // Bounds of what is remembered of one conversation.
  static constexpr size_t kOrders = 2048;
  static constexpr size_t kTrustedBytes = size_t{256} << 10;
  // Number of texts that were added in an earlier exchange of the conversation.
  static constexpr size_t kRemembered = static_cast<size_t>(-1);

  void add_system(std::string_view text);
  // Enumerations and defaults of tool schemas: what a model may choose from by itself.
  void add_schema(std::string_view text);
  void add_user(std::string_view text);
  void add_assistant(std::string_view text);
  // The answer of a tool. `source`: the caller's number for it.
  void add_untrusted(std::string_view text, size_t source, const Suspicion& suspicion);

  // Judges a call against what was added before it. What it says is the model's own from then on.
  Taint judge(std::string_view tool, std::string_view arguments) const;
  // The same for a process: argv joined by spaces.
  Taint judge_command(std::string_view command) const;

  // Does a call carry what tools had returned, besides the value that steered it?
  bool carries_data(std::string_view arguments, const Taint& taint) const;

  // What the next exchange of the conversation needs: trust, and the newest orders.
  void trim();
  bool has_orders() const { return !orders_.empty(); }

 private:
  struct Source {
    Order order;
    std::string text;
    size_t number = 0;
  };
  struct Call;
  struct Score;

  void add_trusted(std::string_view text);
  Score match(const Source& source, const Call& call) const;
  static double points_of(const Argument& argument, const Tokens& words);
  void match_values(const Source& source, const Call& call, Score& score) const;
  void match_name(const Order& order, const Call& call, Score& score) const;
  static void weigh_signs(const Order& order, Score& score);
  void weigh_reading(const Source& source, const Call& call, Score& score) const;
  bool carries_words(const Argument& argument, const Order& order) const;
  void weigh_user(const Source& source, const Call& call, Score& score) const;
  bool goes_elsewhere(const Call& call) const;
  bool names_object(const Call& call) const;
  bool known(const Argument& argument) const;
  bool known_beside(const Argument& argument, const Order& order) const;
  bool stands_in_data(const Argument& argument, size_t source) const;
  Taint judge_call(const Call& call) const;

  Tokens trusted_;  // of system, developer, user, and what the model wrote before any order
  size_t trusted_bytes_ = 0;
  Actions user_actions_ = 0;
  Tokens named_;  // to whom the user wants something sent: "Dora" of "send it to Dora"
  Delegation delegation_ = Delegation::kNone;
  bool open_task_ = false;
  bool wants_pages_ = false;
  bool has_user_ = false;
  bool english_user_ = false;
  Actions system_actions_ = 0;
  std::vector<Source> orders_;
  struct Data {
    size_t number = 0;
    Tokens words;
  };
  std::vector<Data> data_;  // untrusted texts as a whole, to see a value in another document
  size_t data_bytes_ = 0;
};

}  // namespace sonde::detect
