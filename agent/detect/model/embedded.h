// The files compiled into the program: lexicon.txt and weights.bin of this folder.
#pragma once

#include <string_view>

namespace sonde::detect::model {

std::string_view embedded_lexicon();
std::string_view embedded_weights();

}  // namespace sonde::detect::model
