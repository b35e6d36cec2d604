// The one way a call can fail. Result<T> holds a value or an Error that a person can act on.
//
// Three kinds of failure exist (docs/ARCHITECTURE.md): hostile bytes are counted (counters.h), the
// environment answers with a Result, our own bugs assert. Exceptions of libraries stop where the
// library is called.
#pragma once

#include <string>
#include <system_error>
#include <utility>

#include <tl/expected.hpp>

namespace sonde {

// What went wrong, where, and what to do about it. `code` keeps errno where the caller decides by
// it.
struct Error {
  std::string message;
  int code = 0;
};

template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using Base = tl::expected<T, Error>;
  using Base::Base;
  Result(Base&& base) : Base(std::move(base)) {}  // NOLINT(google-explicit-constructor)
  bool ok() const { return this->has_value(); }
};

using Status = Result<void>;

inline tl::unexpected<Error> fail(std::string message, int code = 0) {
  return tl::unexpected<Error>(Error{std::move(message), code});
}

// "cannot open 'x': No such file or directory"; keeps `error_number` in Error::code.
inline tl::unexpected<Error> fail_errno(const std::string& what, int error_number) {
  return fail(what + ": " + std::generic_category().message(error_number), error_number);
}

}  // namespace sonde
