#include "agent/detect/contact_details.h"

#include <algorithm>
#include <array>
#include <string>

#include "agent/detect/national_ids.h"
#include "agent/detect/unicode.h"

namespace sonde::detect {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <typename Table>
bool is_in(const Table& table, std::string_view word) {
  return std::find(table.begin(), table.end(), word) != table.end();
}

// RFC 2606 names, and local parts that are a desk rather than a person (RFC 2142 and custom).
bool is_nobodys_email(std::string_view value) {
  constexpr auto kDesks = std::to_array<std::string_view>(
      {"info",      "noreply",   "no-reply",   "no_reply",        "donotreply",
       "support",   "contact",   "sales",      "hello",           "admin",
       "help",      "helpdesk",  "press",      "office",          "team",
       "service",   "services",  "postmaster", "webmaster",       "hostmaster",
       "abuse",     "billing",   "feedback",   "privacy",         "security",
       "jobs",      "hr",        "marketing",  "newsletter",      "editor",
       "mail",      "email",     "user",       "username",        "name",
       "you",       "your",      "youremail",  "someone",         "test",
       "git",       "root",      "orders",     "customerservice", "notifications",
       "enquiries", "inquiries", "legal",      "media",           "careers"});
  const std::string low = lower_case(value);
  const size_t at = low.find('@');
  const std::string_view local = std::string_view(low).substr(0, at);
  const std::string_view domain = std::string_view(low).substr(at + 1);
  const size_t dot = domain.rfind('.');
  const std::string_view top = domain.substr(dot + 1);
  const bool example = domain.starts_with("example.") || domain.find(".example.") != domain.npos ||
                       top == "example" || top == "test" || top == "invalid" ||
                       top == "localhost" || top == "local" || domain.starts_with("domain.") ||
                       domain.starts_with("yourdomain.") || domain.starts_with("test.") ||
                       domain.starts_with("email.") || domain.starts_with("company.");
  return example || is_in(kDesks, local);
}

// Toll-free and premium numbers, and those that are kept for fiction (555-01xx).
bool is_nobodys_phone(std::string_view value) {
  std::string digits;
  for (const char c : value) {
    if (is_digit(c)) digits.push_back(c);
  }
  std::string_view rest = digits;
  if (rest.size() == 11 && rest[0] == '1') rest.remove_prefix(1);
  constexpr auto kServices = std::to_array<std::string_view>(
      {"800", "888", "877", "866", "855", "844", "833", "900", "0800", "0808", "0900", "0180"});
  const bool service =
      std::any_of(kServices.begin(), kServices.end(), [&](std::string_view prefix) {
        return rest.starts_with(prefix) && rest.size() == (prefix[0] == '0' ? rest.size() : 10);
      });
  const bool fiction = rest.size() == 10 && rest.substr(3, 3) == "555";
  const bool counted = rest.find("123456") != rest.npos || rest.find("1234567890") != rest.npos;
  const bool uniform = std::all_of(rest.begin(), rest.end(), [&](char c) { return c == rest[0]; });
  return service || fiction || counted || uniform;
}

bool is_nobodys(std::string_view type, std::string_view value) {
  if (type == "email") return is_nobodys_email(value);
  return type == "phone" && is_nobodys_phone(value);
}

// "+1-944-435-4352x04732 mobile": of cards and signatures the word stands behind the number.
bool is_labelled_behind(std::string_view text, size_t end) {
  constexpr auto kLabels = std::to_array<std::string_view>(
      {"office", "mobile", "cell", "home", "work", "direct", "fax", "mobil", "privat"});
  if (end + 1 < text.size() && text[end] == 'x' && is_digit(text[end + 1])) {  // an extension
    end = std::min(text.find_first_not_of("0123456789", end + 1), text.size());
  }
  size_t from = std::min(text.find_first_not_of(" (", end), text.size());
  if (from == end || from > end + 2) return false;
  size_t to = from;
  while (to < text.size() && (text[to] | 0x20) >= 'a' && (text[to] | 0x20) <= 'z') ++to;
  const bool last = to == text.size() || text[to] == '\n' || text[to] == ')' || text[to] == ',';
  return last && std::find(kLabels.begin(), kLabels.end(),
                           lower_case(text.substr(from, to - from))) != kLabels.end();
}

// Whose it is, or what it is for, said right before the value.
bool is_labelled(std::string_view text, const PersonalData& item) {
  constexpr size_t kReach = 32;
  const size_t from = item.start > kReach ? item.start - kReach : 0;
  const WordsNear near{lower_case(text.substr(from, item.start - from))};
  if (item.type == "phone") {
    return is_labelled_behind(text, item.end) ||
           near.any_of(
               "phone|tel:|tel.|tel |telephone|mobile|cell|call me|reach me|text me|whatsapp|my "
               "number|"
               "her number|his "
               "number|telefon|handy|mobil|téléphone|portable|móvil|teléfono|cellulare|"
               "telefone|celular|telefoon|телефон|电话|電話|手机|전화");
  }
  if (item.type == "email") {
    return near.any_of(
        "my email|my e-mail|my mail|his email|her email|their email|his e-mail|her e-mail|email me|"
        "e-mail me|mail me at|write me at|write to me|reach me|contact me|your email?|private "
        "email|"
        "personal email|meine e-mail|meine mail|mon e-mail|mon email|mon adresse|mi correo|mi "
        "email|"
        "la mia email|la mia e-mail|meu email|meu e-mail|mijn e-mail|mijn email");
  }
  return near.any_of(
      "my |her |his |our |home|address|adresse|anschrift|wohn|lives|living|i live|reside|resident|"
      "moved|ship|deliver|direcci|domicilio|indirizzo|endere|habite|viv|abita|mora|woon|adres|"
      "адрес|"
      "прожива|住所|地址|주소");
}

// A person beside the contact: a name, a date of birth.
bool names_person(std::string_view text, const PersonalData& item) {
  constexpr size_t kReach = 120;
  const size_t from = item.start > kReach ? item.start - kReach : 0;
  const size_t to = std::min(text.size(), item.end + kReach);
  const WordsNear near{lower_case(text.substr(from, to - from))};
  return near.any_of(
      "name:|my name is|full name|patient|date of birth|dob|born on|birthday|geboren|geburtsdatum|"
      "né le|née le|fecha de nacimiento|nato il|nata il|data de nascimento|geboortedatum|"
      "mr.|mrs.|ms.|dr.|herr |frau |mme |señor|señora|passport");
}

bool stands_beside_other(std::span<const PersonalData> items, const PersonalData& item) {
  constexpr size_t kNear = 200;
  return std::any_of(items.begin(), items.end(), [&](const PersonalData& other) {
    const size_t gap = other.start >= item.end   ? other.start - item.end
                       : item.start >= other.end ? item.start - other.end
                                                 : 0;
    return other.type != item.type && gap <= kNear;
  });
}

}  // namespace

std::vector<PersonalData> contacts_of_persons(std::string_view text,
                                              std::span<const PersonalData> items) {
  std::vector<PersonalData> somebodys;
  for (const PersonalData& item : items) {
    const bool contact = is_contact(item.type);
    if (!contact || !is_nobodys(item.type, text.substr(item.start, item.end - item.start))) {
      somebodys.push_back(item);
    }
  }
  std::vector<PersonalData> found;
  for (const PersonalData& item : somebodys) {
    if (!is_contact(item.type)) continue;
    const bool beside = stands_beside_other(somebodys, item);
    const bool named = names_person(text, item);
    // People leave their e-mail address everywhere: only a label that says whose it is counts.
    const bool labelled = is_labelled(text, item);
    if (labelled || beside || named) found.push_back(item);
  }
  return found;
}

}  // namespace sonde::detect
