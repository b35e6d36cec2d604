// The media type that the first bytes of an image tell, for APIs that do not name it.
#pragma once

#include <string_view>

namespace sonde::llm {

// "image" where they tell nothing.
std::string_view image_type(std::string_view base64);

}  // namespace sonde::llm
