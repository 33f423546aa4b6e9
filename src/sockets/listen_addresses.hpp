// Which addresses a listener binds, and what to say when it cannot.
#pragma once

#include <base/address.hpp>
#include <functional>
#include <roomwire/error.hpp>

#include "sockets/socket_url.hpp"

namespace roomwire::sockets {

/// Binds all addresses of the URL to one port. `bind` is called for each and gives the port that
/// it has then; `undo` drops all that it bound. A machine without IPv6 listens on IPv4 alone.
/// When the system chooses the port and the second address finds it taken, it chooses again.
/// Fails with a line that names the port and the remedy, and with the code of what `bind` gave.
Result<void> bind_all(const SocketUrl& url,
                      const std::function<Result<std::uint16_t>(const Endpoint&)>& bind,
                      const std::function<void()>& undo);

}  // namespace roomwire::sockets
