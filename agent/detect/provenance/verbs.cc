#include "agent/detect/provenance/verbs.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "agent/detect/provenance/tokens.h"
#include "agent/detect/provenance/word_set.h"

namespace sonde::detect {

namespace {

constexpr auto kVerbs = std::to_array<Verb>({
    // To people.
    {"send", kSend | kPay},
    {"forward", kSend},
    {"reply", kSend},
    {"respond", kSend},
    {"email", kSend, true},
    {"mail", kSend, true},
    {"message", kSend, true},
    {"text", kSend, true},
    {"dm", kSend, true},
    {"notify", kSend},
    {"inform", kSend},
    {"tell", kSend},
    {"contact", kSend, true},
    {"tweet", kSend | kUpload, true},
    {"broadcast", kSend, true},
    {"announce", kSend},
    {"ping", kSend, true},
    {"call", kSend | kRun, true},
    {"invite", kGrant | kCreate},
    {"share", kSend | kGrant | kUpload, true},
    {"disclose", kSend},
    {"leak", kSend, true},
    {"deliver", kSend},
    {"dispatch", kSend, true},
    {"exfiltrate", kSend | kUpload},
    // Of value.
    {"pay", kPay, true},
    {"transfer", kPay | kUpdate, true},
    {"wire", kPay, true},
    {"remit", kPay},
    {"donate", kPay},
    {"buy", kPay},
    {"purchase", kPay, true},
    {"order", kPay | kCreate, true},
    {"book", kPay | kCreate, true},
    {"reserve", kPay | kCreate, true},
    {"subscribe", kPay | kCreate},
    {"withdraw", kPay},
    {"deposit", kPay, true},
    {"refund", kPay, true},
    {"bid", kPay, true},
    {"sell", kPay},
    {"rent", kPay, true},
    {"trade", kPay, true},
    {"invest", kPay},
    {"claim", kPay, true},
    {"redeem", kPay},
    {"withdrawal", kPay, true},
    {"settle", kPay},
    // Against what is there.
    {"delete", kDelete},
    {"remove", kDelete | kUpdate},
    {"erase", kDelete},
    {"wipe", kDelete},
    {"clear", kDelete, true},
    {"purge", kDelete},
    {"drop", kDelete, true},
    {"trash", kDelete, true},
    {"destroy", kDelete},
    {"uninstall", kDelete},
    {"unsubscribe", kDelete},
    {"cancel", kDelete | kUpdate},
    {"terminate", kDelete},
    {"kick", kDelete},
    {"ban", kDelete, true},
    {"kill", kDelete | kRun},
    {"shred", kDelete},
    {"overwrite", kDelete | kUpdate},
    {"format", kDelete, true},
    {"revoke", kDelete | kUpdate},
    {"stop", kDelete | kUpdate, true},
    // Of what is there.
    {"update", kUpdate, true},
    {"change", kUpdate, true},
    {"modify", kUpdate},
    {"edit", kUpdate, true},
    {"set", kUpdate | kCreate, true},
    {"reset", kUpdate, true},
    {"rename", kUpdate},
    {"replace", kUpdate},
    {"move", kUpdate, true},
    {"reschedule", kUpdate},
    {"adjust", kUpdate},
    {"turn", kUpdate, true},
    {"disable", kUpdate | kDelete},
    {"enable", kUpdate | kGrant},
    {"activate", kUpdate | kRun},
    {"deactivate", kUpdate | kDelete},
    {"switch", kUpdate, true},
    {"increase", kUpdate, true},
    {"decrease", kUpdate, true},
    {"raise", kUpdate, true},
    {"lower", kUpdate, true},
    {"alter", kUpdate},
    {"redirect", kUpdate},
    {"configure", kUpdate},
    {"assign", kUpdate | kGrant},
    {"mark", kUpdate, true},
    {"archive", kUpdate, true},
    {"merge", kUpdate, true},
    {"close", kUpdate, true},
    {"lock", kUpdate, true},
    {"start", kRun | kUpdate, true},
    {"block", kUpdate, true},
    {"control", kUpdate, true},
    {"manage", kUpdate},
    {"dim", kUpdate},
    {"leave", kDelete | kUpdate, true},
    {"guide", kUpdate, true},
    {"drive", kUpdate, true},
    {"bring", kUpdate},
    {"join", kGrant | kCreate},
    {"follow", kGrant | kCreate},
    {"initiate", kCreate | kPay | kRun},
    {"pause", kUpdate, true},
    {"resume", kUpdate, true},
    {"arm", kUpdate, true},
    {"disarm", kUpdate},
    {"light", kUpdate, true},
    {"adopt", kUpdate},
    {"expose", kSend | kGrant},
    {"vote", kCreate, true},
    {"rate", kCreate, true},
    {"review", kCreate, true},
    // Of what was not there.
    {"create", kCreate},
    {"add", kCreate | kGrant | kUpdate},
    {"make", kCreate, true},
    {"schedule", kCreate | kUpdate, true},
    {"write", kCreate | kUpdate | kSend},
    {"generate", kCreate},
    {"register", kCreate | kGrant, true},
    {"append", kCreate | kUpdate},
    {"insert", kCreate | kUpdate},
    {"save", kCreate | kUpload},
    {"store", kCreate | kUpload, true},
    {"draft", kCreate | kSend, true},
    {"compose", kCreate | kSend},
    {"log", kCreate, true},
    {"record", kCreate, true},
    {"plan", kCreate, true},
    {"arrange", kCreate},
    {"open", kCreate | kFetch | kGrant, true},
    {"fill", kUpdate | kCreate, true},
    {"autofill", kUpdate | kCreate},
    {"request", kCreate | kSend | kFetch, true},
    {"apply", kCreate | kUpdate},
    {"file", kCreate, true},
    {"remember", kCreate},
    {"prescribe", kCreate},
    {"build", kCreate | kRun, true},
    {"copy", kCreate | kUpload, true},
    {"sign", kCreate | kGrant, true},
    {"put", kCreate | kUpdate},
    // Of power.
    {"grant", kGrant},
    {"give", kGrant | kSend},
    {"allow", kGrant},
    {"permit", kGrant, true},
    {"authorize", kGrant},
    {"authorise", kGrant},
    {"approve", kGrant | kUpdate},
    {"unlock", kGrant | kUpdate},
    {"promote", kGrant},
    {"elevate", kGrant},
    {"accept", kGrant | kUpdate},
    {"trust", kGrant, true},
    {"whitelist", kGrant, true},
    {"allowlist", kGrant, true},
    {"provide", kGrant | kSend},
    {"enroll", kGrant | kCreate},
    // Of code.
    {"run", kRun, true},
    {"execute", kRun},
    {"install", kRun | kCreate, true},
    {"launch", kRun, true},
    {"invoke", kRun},
    {"eval", kRun},
    {"evaluate", kRun},
    {"deploy", kRun | kUpload},
    {"spawn", kRun},
    {"restart", kRun | kUpdate, true},
    {"use", kRun, true},
    {"trigger", kRun, true},
    {"source", kRun, true},
    // To elsewhere.
    {"upload", kUpload | kCreate, true},
    {"post", kUpload | kSend | kCreate, true},
    {"publish", kUpload | kSend},
    {"push", kUpload, true},
    {"submit", kUpload | kSend | kCreate},
    {"export", kUpload, true},
    {"backup", kUpload, true},
    {"sync", kUpload, true},
    {"commit", kUpload | kCreate},
    // From elsewhere.
    {"download", kFetch | kCreate, true},
    {"visit", kFetch, true},
    {"browse", kFetch},
    {"click", kFetch, true},
    {"go", kFetch | kUpdate, true},
    {"navigate", kFetch | kUpdate},
    {"fetch", kFetch | kRead, true},
    {"access", kFetch | kRead, true},
    {"curl", kFetch | kRun},
    {"load", kFetch, true},
    {"get", kRead | kFetch, true},
    {"list", kRead, true},
    {"search", kRead, true},
    {"show", kRead, true},
    {"retrieve", kRead},
    {"find", kRead, true},
    {"look", kRead, true},
    {"read", kRead, true},
    {"view", kRead, true},
    {"check", kRead, true},
    {"query", kRead, true},
    {"summarize", kRead},
    {"summarise", kRead},
    {"lookup", kRead, true},
    {"describe", kRead},
    {"count", kRead, true},
    {"extract", kRead, true},
    {"collect", kRead},
    {"gather", kRead},
    {"scan", kRead, true},
    {"inspect", kRead},
    {"calculate", kRead},
    {"compare", kRead},
    {"track", kRead, true},
    {"analyze", kRead},
    {"translate", kRead},
    {"verify", kRead},
    {"validate", kRead},
});

// Nouns of tools that name no verb, or whose verb says less than the noun.
struct Noun {
  std::string_view word;
  Actions actions;
};
constexpr auto kToolNouns = std::to_array<Noun>({{"bash", kRun},
                                                 {"shell", kRun},
                                                 {"terminal", kRun},
                                                 {"python", kRun},
                                                 {"command", kRun},
                                                 {"exec", kRun},
                                                 {"interpreter", kRun},
                                                 {"powershell", kRun},
                                                 {"cmd", kRun},
                                                 {"repl", kRun},
                                                 {"money", kPay},
                                                 {"payment", kPay},
                                                 {"transaction", kPay},
                                                 {"funds", kPay},
                                                 {"transfer", kPay},
                                                 {"refund", kPay},
                                                 {"purchase", kPay},
                                                 {"trade", kPay},
                                                 {"forwarding", kSend},
                                                 {"reservation", kPay | kCreate},
                                                 {"booking", kPay | kCreate},
                                                 {"invite", kGrant | kCreate},
                                                 {"invitation", kGrant | kCreate},
                                                 {"sms", kSend},
                                                 {"notification", kSend},
                                                 {"webhook", kSend | kUpload},
                                                 {"reminder", kCreate},
                                                 {"event", kCreate},
                                                 {"permission", kGrant},
                                                 {"permissions", kGrant},
                                                 {"role", kGrant},
                                                 {"roles", kGrant},
                                                 {"privileges", kGrant}});

const WordSet& fillers() {
  static const WordSet words(
      "please kindly also then now and first next just so finally immediately urgent urgently "
      "important note attention instead secondly must should simply quickly automatically "
      "additionally lastly todo task action step always again directly ok okay hey hi hello 1 2 "
      "3 4 5 6 7 8 9 go ahead proceed to instruction instructions request command silently "
      "quietly or do not help me try strictly secretly covertly rather");
  return words;
}

const WordSet& object_starts() {
  static const WordSet words(
      "the a an my your his her their our its all every each any this that these those to me "
      "him them us it for from in on off into out with up new some one two both at as another "
      "everything everyone anyone down back user users over");
  return words;
}

}  // namespace

const Verb* find_verb(std::string_view word) {
  static const auto index = [] {
    std::unordered_map<std::string_view, const Verb*> map;
    for (const Verb& verb : kVerbs) map.emplace(verb.word, &verb);
    return map;
  }();
  const auto place = index.find(word);
  return place == index.end() ? nullptr : place->second;
}

bool is_filler(std::string_view word) { return fillers().contains(word); }

bool is_object_start(std::string_view word) {
  const bool number = !word.empty() && word[0] >= '0' && word[0] <= '9';
  return number || object_starts().contains(word);
}

bool is_message(const Tokens& name) {
  static const WordSet media(
      "email emails mail mails message messages sms dm chat channel notification tweet comment");
  for (size_t i = 0; i < name.size(); ++i) {
    if (media.contains(name.word(i))) return true;
  }
  return false;
}

bool is_of_money(const Tokens& name) {
  return std::any_of(kToolNouns.begin(), kToolNouns.end(), [&](const Noun& noun) {
    return (noun.actions & kPay) != 0 && name.contains(noun.word);
  });
}

bool names_other_medium(const Tokens& text, const Tokens& tool) {
  static const WordSet mail("email emails mail mails gmail outlook inbox");
  static const WordSet chat(
      "dm dms direct channel channels slack teams discord telegram whatsapp sms");
  const auto any = [](const Tokens& words, const WordSet& set) {
    for (size_t i = 0; i < words.size(); ++i) {
      if (set.contains(words.word(i))) return true;
    }
    return false;
  };
  return (any(tool, mail) && any(text, chat) && !any(text, mail)) ||
         (any(tool, chat) && any(text, mail) && !any(text, chat));
}

Actions actions_of_tool(const Tokens& name) {
  // A word that can be nothing but a verb of change decides ("search_and_delete"), then one that
  // reads ("email_list_messages"), then the first that may be a verb ("update_event").
  Actions change = 0;
  Actions read = 0;
  Actions other = 0;
  Actions noun = 0;
  for (size_t i = 0; i < name.size(); ++i) {
    const std::string_view word = name.word(i);
    for (const Noun& entry : kToolNouns) {
      if (entry.word == word) noun |= entry.actions;
    }
    const Verb* verb = find_verb(word);
    if (verb == nullptr) continue;
    const bool reads = (verb->actions & ~kReadOnly) == 0;
    Actions& place = reads ? read : verb->noun ? other : change;
    if (place == 0) place = verb->actions;
  }
  // Whatever opens a page only reads it.
  const bool page = name.contains("url") || name.contains("webpage") || name.contains("website") ||
                    name.contains("browser") || name.contains("link");
  if (page && change == 0 && (other & kFetch) != 0) return kFetch;
  if (change == 0 && read != 0) return read;
  Actions verb = change != 0 ? change : other;
  // What is sent is a message or money; to change a payment that was planned is not to pay.
  if (is_message(name)) verb &= static_cast<Actions>(~kPay);
  if ((noun & kPay) != 0) verb &= static_cast<Actions>(~kSend);
  if (verb != 0 && (verb & ~(kUpdate | kDelete)) == 0) noun &= static_cast<Actions>(~kPay);
  return verb | noun;
}

}  // namespace sonde::detect
