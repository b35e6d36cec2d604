// Finds personal data in text by form and validation (check digits, ranges, context). One linear
// pass that stops only at '@' and digits. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::detect {

struct PersonalData {
  size_t start = 0;  // bytes
  size_t end = 0;
  std::string_view type;  // email, payment_card, iban, phone, us_ssn, ...
};

// Ways to reach somebody (email, phone, postal_address): so common that only a number of them, or
// their context, says something.
bool is_contact(std::string_view type);

inline constexpr size_t kPersonalDataPerText = 4096;

// An alert wants to be sure; a mask rather covers a number too many.
enum class PersonalDataUse : uint8_t { kFinding, kMask };

// Without overlaps, in order, at most kPersonalDataPerText.
std::vector<PersonalData> find_personal_data(std::string_view text,
                                             PersonalDataUse use = PersonalDataUse::kFinding);

// What base64, hex or percent encodings hide: the place is that of the whole encoded run.
struct EncodedPersonalData {
  PersonalData place;
  std::string value;          // decoded
  std::string_view encoding;  // "base64", "hex", "percent"
};
std::vector<EncodedPersonalData> find_encoded_personal_data(
    std::string_view text, PersonalDataUse use = PersonalDataUse::kFinding);

}  // namespace sonde::detect
