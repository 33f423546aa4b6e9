// Why a packet, or a part of a message, was left out.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "base/refusal.hpp"

namespace roomwire::dmx {

/// What to count refusals by. The reason tells the details.
enum class RefusalKind {
  malformed,     ///< Not the protocol's bytes, or not one of the JSON shapes.
  foreign,       ///< Well-formed, but nothing that this side reads (an opcode, a start code).
  universe,      ///< No universe's number.
  channel,       ///< No channel's number, or one that the operator does not allow.
  channel_base,  ///< 512 where channels count from 0, or 0 where they count from 1.
  value,         ///< Not a number.
  sequence,      ///< Came late or twice.
  source,        ///< A sender that has no say: not the owner, or too many of them.
  limit,         ///< Too long or too many.
};

using Refusal = BasicRefusal<RefusalKind>;
using Refusals = BasicRefusals<RefusalKind>;

template <class T>
using Accepted = tl::expected<T, Refusal>;

inline tl::unexpected<Refusal> refuse(RefusalKind kind, std::string reason) {
  return tl::unexpected<Refusal>(Refusal{kind, std::move(reason)});
}

}  // namespace roomwire::dmx
