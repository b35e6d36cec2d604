// Check digits of identifiers. All take digits (or letters and digits) without separators.
#pragma once

#include <string_view>

namespace sonde::detect {

bool luhn(std::string_view digits);
// ISO 7064 MOD 97-10 with letters as 10..35, first four characters moved to the end (ISO 13616).
bool iban_valid(std::string_view iban);
// Luhn, and an issuer's prefix with the length that issuer uses.
bool payment_card_valid(std::string_view digits);

}  // namespace sonde::detect
