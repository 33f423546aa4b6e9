// What can go wrong, said so that a caller knows what to do next.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace roomwire {

/// What the caller can do about an error.
enum class ErrorKind {
  invalid_input,  ///< Fix the input: it can never work as it is.
  unavailable,    ///< Not now: the same call may work later.
  limit,          ///< A bound was met: send less, or wait for what is queued.
  closed,         ///< The room, peer or connection is gone.
  timed_out,      ///< Nobody answered in time.
  rejected,       ///< The other side, or a check of ours, said no.
};

/// An expected failure. `message` is one line for a person: what happened, to which thing.
struct Error {
  ErrorKind kind = ErrorKind::invalid_input;
  std::string message;

  bool operator==(const Error&) const = default;
};

/// A value or an Error, with the interface of std::expected.
template <class T>
using Result = tl::expected<T, Error>;

/// `return failure(ErrorKind::limit, "…");` in a function that returns a Result.
inline tl::unexpected<Error> failure(ErrorKind kind, std::string message) {
  return tl::unexpected<Error>(Error{kind, std::move(message)});
}

}  // namespace roomwire
