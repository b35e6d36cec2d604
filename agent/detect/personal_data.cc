#include "agent/detect/personal_data.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "agent/detect/check_digits.h"
#include "agent/detect/encoding.h"
#include "agent/detect/national_ids.h"
#include "agent/detect/postal_address.h"
#include "agent/detect/unicode.h"

namespace sonde::detect {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_alnum(char c) { return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z'); }

// What an e-mail's local part may hold (RFC 5322, 3.2.3), without the characters that are more
// often markup around an address than part of it.
bool is_local(char c) {
  return is_alnum(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_domain(char c) { return is_alnum(c) || c == '-' || c == '.'; }

class Finder {
 public:
  Finder(std::string_view text, PersonalDataUse use) : text_(text), use_(use) {}

  std::vector<PersonalData> find() {
    size_t i = 0;
    while (i < text_.size() && found_.size() < kPersonalDataPerText) {
      const char c = text_[i];
      if (c == '@') {
        i = at_sign(i);
      } else if (is_digit(c) || (c == '+' && i + 1 < text_.size() && is_digit(text_[i + 1]))) {
        i = number(i);
      } else {
        ++i;
      }
    }
    return std::move(found_);
  }

 private:
  static constexpr size_t kLongestNumber = 48;

  void keep(size_t start, size_t end, std::string_view type) {
    start = std::max(start, covered_);
    if (start >= end) return;
    found_.push_back({start, end, type});
    covered_ = end;
  }

  size_t at_sign(size_t at) {
    size_t start = at;
    while (start > covered_ && at - start < 64 && is_local(text_[start - 1])) --start;
    size_t end = at + 1;
    while (end < text_.size() && end - at < 254 && is_domain(text_[end])) ++end;
    while (end > at + 1 && !is_alnum(text_[end - 1])) --end;
    const std::string_view domain = text_.substr(at + 1, end - at - 1);
    const size_t dot = domain.rfind('.');
    const bool has_top_level =
        dot != domain.npos && dot > 0 && domain.size() - dot > 2 && !is_digit(domain[dot + 1]);
    if (start == at || !has_top_level) return at + 1;
    keep(start, end, "email");
    return end;
  }

  // A run of digits with single separators between them: card, phone, national number. An IBAN is
  // found by its check digits, which follow two capitals.
  size_t number(size_t start) {
    constexpr size_t kShortestCard = 13;
    if (const size_t end = iban(start); end > start) return end;
    if (const size_t end = identifier(start); end > start) return end;
    std::string digits;
    size_t end = start;
    size_t separators = 0;
    for (size_t i = start; i < text_.size() && i - start < kLongestNumber; ++i) {
      const char c = text_[i];
      if (is_digit(c)) {
        digits.push_back(c);
        end = i + 1;
      } else if (c == ' ' || c == '-' || c == '.' || c == '(' || c == ')' || c == '/') {
        // A blank ends what is as long as a card already: two numbers beside each other are two.
        if (i - end >= 2 || (c == ' ' && separators == 0 && digits.size() >= kShortestCard)) break;
        ++separators;
      } else if (!(c == '+' && i == start)) {
        break;
      }
    }
    if (const size_t past = address(start); past > start) return past;
    const size_t whole = past_extension(end);
    if (starts_inside_word(start) || (whole < text_.size() && is_alnum(text_[whole]))) return end;
    classify(start, end, digits);
    return std::max(end, whole);
  }

  // "x5184" behind a phone's number.
  size_t past_extension(size_t end) const {
    constexpr size_t kLongest = 6;
    if (end + 1 >= text_.size() || text_[end] != 'x' || !is_digit(text_[end + 1])) return end;
    size_t past = end + 1;
    while (past < text_.size() && past - end <= kLongest && is_digit(text_[past])) ++past;
    return past;
  }

  // A street with its number at `start`.
  size_t address(size_t start) {
    const auto found = find_postal_address(text_, start, covered_);
    if (!found) return start;
    keep(found->first, found->second, "postal_address");
    return std::max(found->second, start);
  }

  bool starts_inside_word(size_t start) const {
    if (start == 0) return false;
    const char before = text_[start - 1];
    return is_alnum(before) || before == '_';
  }

  // Identifiers with letters: the run of letters and digits around `start`, as it stands, up to its
  // dots and dashes, and in groups.
  size_t identifier(size_t start) {
    constexpr size_t kLettersBefore = 6;
    size_t from = start;
    while (from > covered_ && start - from < kLettersBefore && is_upper(text_[from - 1])) --from;
    if (from > 0 && (is_alnum(text_[from - 1]) || text_[from - 1] == '_')) return start;
    size_t plain = start;
    while (plain < text_.size() && plain - from < 24 && is_alnum(text_[plain])) ++plain;
    size_t marked = plain;
    while (marked < text_.size() && marked - from < 24 &&
           (is_alnum(text_[marked]) || text_[marked] == '-' || text_[marked] == '.')) {
      ++marked;
    }
    while (marked > plain && !is_alnum(text_[marked - 1])) --marked;
    // "AB 12 34 56 C": two letters and a space stand before its first digit, ten characters after.
    const size_t grouped = start < 3 ? start : start - 3;
    const std::array<std::pair<size_t, size_t>, 3> spans = {
        {{from, plain}, {from, marked}, {grouped, start + 10}}};
    for (const auto& [first, end] : spans) {
      if (end > text_.size() || end <= first || first < covered_) continue;
      if (end < text_.size() && is_alnum(text_[end])) continue;
      const auto type = national_token(text_.substr(first, end - first), words_near(first));
      if (type.empty()) continue;
      keep(first, end, type);
      return end;
    }
    return start;
  }

  size_t iban(size_t start) {
    if (start < 2 || !is_upper(text_[start - 1]) || !is_upper(text_[start - 2])) return start;
    if (start > 2 && is_alnum(text_[start - 3])) return start;
    std::string value(text_.substr(start - 2, 2));
    for (size_t i = start; i < text_.size() && value.size() < 34; ++i) {
      const char c = text_[i];
      if (c == ' ' || c == '-') continue;
      if (!is_digit(c) && !is_upper(c)) break;
      value.push_back(c);
      const bool ends = i + 1 == text_.size() || !is_alnum(text_[i + 1]);
      if (ends && iban_valid(value)) {
        keep(start - 2, i + 1, "iban");
        return i + 1;
      }
    }
    return start;
  }

  void classify(size_t start, size_t end, const std::string& digits) {
    const std::string_view form = text_.substr(start, end - start);
    if (payment_card_valid(digits) && form.find('.') == form.npos && may_be_card(start, form)) {
      keep(start, end, "payment_card");
    } else if (const auto type = national_number(form, digits, words_near(start)); !type.empty()) {
      keep(start, end, type);
    } else if (is_phone(start, form, digits)) {
      const bool bracket = start > 0 && text_[start - 1] == '(';
      keep(bracket ? start - 1 : start, end, "phone");
    }
  }

  // One in ten numbers has Luhn's check digit, and a tracking number may begin as a card's does.
  // Beside a word for another kind of number, or where no large issuer has cards of this length, it
  // takes a word for a card, or a card's groups.
  bool may_be_card(size_t start, std::string_view form) const {
    if (use_ == PersonalDataUse::kMask) return true;
    const WordsNear near = words_near(start);
    if (near.any_of("card|visa|mastercard|amex|american express|credit|debit|cc|pan|payment|"
                    "karte|kreditkarte|carte|tarjeta|carta|cartao|kaart|cvv|discover|diners|jcb")) {
      return true;
    }
    const size_t space = form.find_first_of(" -");
    if (space == 4 && form.size() >= 17) return true;
    const bool usual =
        space == form.npos && (form.size() == 16 || (form.size() == 15 && form[0] == '3'));
    return usual && !near.any_of(
                        "id|ids|tracking|order|invoice|reference|ref|account|phone|imei|"
                        "serial|timestamp|time|hash|number|no|ticket|sku|isbn|seed");
  }

  bool is_phone(size_t start, std::string_view form, const std::string& digits) const {
    if (form[0] == '+') return digits.size() >= 8 && digits.size() <= 15;  // E.164
    const bool separated = form.find_first_of("-. )") != form.npos;
    const bool asked = separated && digits.size() >= 7 && is_asked_to_call(start);
    if (asked && !looks_like_date(form)) return true;
    if (digits.size() < 9 || digits.size() > 13 || looks_like_date(form)) return false;
    if (has_context(start)) return true;
    // North American: 3-3-4
    const bool bracket = start > 0 && text_[start - 1] == '(';
    return separated && digits.size() == 10 && digits[0] >= '2' && digits[3] >= '2' &&
           (bracket || (form.size() == 12 && form[3] == form[7]));
  }

  static bool looks_like_date(std::string_view form) {
    return form.size() >= 10 && (form.substr(0, 2) == "19" || form.substr(0, 2) == "20") &&
           !is_digit(form[4]);
  }

  WordsNear words_near(size_t start) const {
    constexpr size_t kReach = 40;
    const size_t from = start > kReach ? start - kReach : 0;
    WordsNear near{lower_case(text_.substr(from, start - from))};
    return near;
  }

  bool is_asked_to_call(size_t start) const {
    return words_near(start).any_of(
        "call me|text me|ring me|reach me|phone number|phone is|mobile is|my phone|my mobile|my "
        "cell|"
        "my number");
  }

  bool has_context(size_t start) const {
    return words_near(start).any_of("phone|tel|mobile|cell|call|fax|whatsapp|sms|handy|telefon");
  }

  std::string_view text_;
  PersonalDataUse use_;
  size_t covered_ = 0;
  std::vector<PersonalData> found_;
};

}  // namespace

bool is_contact(std::string_view type) {
  return type == "email" || type == "phone" || type == "postal_address";
}

std::vector<PersonalData> find_personal_data(std::string_view text, PersonalDataUse use) {
  return Finder(text, use).find();
}

std::vector<EncodedPersonalData> find_encoded_personal_data(std::string_view text,
                                                            PersonalDataUse use) {
  std::vector<EncodedPersonalData> found;
  for (const EncodedRun& run : find_encoded_runs(text)) {
    for (const PersonalData& item : find_personal_data(run.decoded, use)) {
      if (found.size() == kPersonalDataPerText) return found;
      found.push_back({{run.start, run.end, item.type},
                       run.decoded.substr(item.start, item.end - item.start),
                       run.encoding});
    }
  }
  return found;
}

}  // namespace sonde::detect
