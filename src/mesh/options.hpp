// What a mesh is made with.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "roomwire/ids.hpp"
#include "roomwire/relay_url.hpp"

namespace roomwire::mesh {

struct MeshOptions {
  PeerId self;
  std::vector<RelayUrl> relays;  ///< Empty: the defaults of each app.
  std::string relay_set;
  std::size_t max_message_bytes = 64U << 20;
  std::vector<RelayUrl> further_relays{};  ///< Beside those.
};

}  // namespace roomwire::mesh
