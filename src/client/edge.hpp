// For the layers of this program that have sockets of their own on a Context's loop. Not part of
// the installed library.
#pragma once

#include "client/context_state.hpp"
#include "roomwire/context.hpp"

namespace roomwire::client {

class Edge {
 public:
  /// Lives as long as the context.
  static net::Loop& loop(Context& context) { return context.state_->runtime().loop(); }
};

}  // namespace roomwire::client
