// The form in which text is indexed and asked for, the same on every database, whose own
// tokenizers differ in what they take for a word.
#pragma once

#include <string>
#include <string_view>

namespace sonde::store {

enum class SearchSide { kIndex, kQuery };

// Latin letters without their diacritics ("naïve" and "naive" are one word), full-width forms as
// ASCII, and scripts that put no space between words as pairs of neighbours: "提示注入" becomes
// "提示 示注 注入", so that "注入" is found inside. In a query a single such character becomes a
// prefix
// ("注*"); in the index each run ends with its last character alone, so that a prefix finds that
// too. `text` is well-formed UTF-8.
std::string searchable_form(std::string_view text, SearchSide side);

}  // namespace sonde::store
