// Why a part of a packet or of a JSON text was left out.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "base/refusal.hpp"

namespace roomwire::osc {

/// What to count refusals by. The reason tells the details.
enum class RefusalKind {
  malformed,  ///< Not OSC's bytes, or not one of the JSON shapes.
  address,    ///< An address that cannot be sent.
  type,       ///< A type tag or the name of a type that nobody knows.
  value,      ///< A value that does not fit its type.
  limit,      ///< Too long, too many or too deep.
};

using Refusal = BasicRefusal<RefusalKind>;
using Refusals = BasicRefusals<RefusalKind>;

template <class T>
using Accepted = tl::expected<T, Refusal>;

inline tl::unexpected<Refusal> refuse(RefusalKind kind, std::string reason) {
  return tl::unexpected<Refusal>(Refusal{kind, std::move(reason)});
}

}  // namespace roomwire::osc
