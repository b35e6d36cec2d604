// Numbers by which states know their residents, validated by their check digits. A number that many
// random ones would pass as well counts only as written in its usual form or beside its name.
#pragma once

#include <string>
#include <string_view>

namespace sonde::detect {

// What stands before a number, in lower case.
struct WordsNear {
  std::string before;
  // `words` separated by '|'; each must begin a word, or be six bytes or more of a compound.
  bool any_of(std::string_view words) const;
};

// The type of a number made of digits with separators ("br_cpf"); empty: none. `form` as written,
// `digits` without the separators.
std::string_view national_number(std::string_view form, std::string_view digits,
                                 const WordsNear& near);

// The same for identifiers with letters: `token` is a whole run of letters and digits (and inner
// '-' or ' ' as written), at most 24 characters.
std::string_view national_token(std::string_view token, const WordsNear& near);

}  // namespace sonde::detect
