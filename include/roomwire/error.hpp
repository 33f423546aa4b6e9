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

/// What it was, where a program may want to decide by more than the kind. Texts are for people and
/// change; these stay.
enum class ErrorCode {
  other,                ///< Nothing of this list.
  bad_option,           ///< What Error::option names makes no sense.
  not_supported,        ///< It makes sense, and roomwire cannot do it yet.
  context_exists,       ///< The process has a Context already.
  already_joined,       ///< The room is joined, or is still being left.
  no_network,           ///< No address of this machine can be used.
  address_in_use,       ///< Another program, or another part of this one, has the port.
  address_not_here,     ///< No interface of this machine has the address.
  permission_denied,    ///< The system wants more rights for it.
  host_not_found,       ///< The name has no address.
  no_answer,            ///< Nothing came back within the time.
  connection_refused,   ///< The machine is there, and nothing listens on the port.
  connection_lost,      ///< It was there, and ended or broke.
  tls_failed,           ///< No TLS could be agreed on: perhaps the other side speaks none.
  certificate_invalid,  ///< TLS, with a certificate that is not trusted or of another host.
  http_refused,         ///< A web server that has no WebSocket at that address.
  no_websocket,         ///< What answered speaks no HTTP.
};

/// An expected failure. `message` is one line for a person: what happened, to which thing.
struct Error {
  ErrorKind kind = ErrorKind::invalid_input;
  std::string message;
  ErrorCode code = ErrorCode::other;
  /// The option at fault, as its member is called (`ice_port`, `room`); empty for none.
  std::string option{};

  bool operator==(const Error&) const = default;
};

/// A value or an Error, with the interface of std::expected.
template <class T>
using Result = tl::expected<T, Error>;

/// `return failure(ErrorKind::limit, "…");` in a function that returns a Result.
inline tl::unexpected<Error> failure(ErrorKind kind, std::string message,
                                     ErrorCode code = ErrorCode::other, std::string option = {}) {
  return tl::unexpected<Error>(Error{kind, std::move(message), code, std::move(option)});
}

/// Of the option of that name; `message` says it in words, with what was given.
inline tl::unexpected<Error> bad_option(std::string option, std::string message,
                                        ErrorCode code = ErrorCode::bad_option) {
  return failure(ErrorKind::invalid_input, std::move(message), code, std::move(option));
}

}  // namespace roomwire
