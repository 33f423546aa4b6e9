#include "mesh/path.hpp"

#include "base/private_address.hpp"

namespace roomwire::mesh {

Path path_of(const rtc::IcePair& pair) {
  Path path;
  const bool same_machine =
      pair.remote.address.is_loopback() || pair.remote.address == pair.local.address;
  if (same_machine) {
    path.kind = Path::Kind::loopback;
  } else if (!is_private(pair.remote.address)) {
    path.kind = Path::Kind::reflexive;
  }
  path.local = pair.local.to_string();
  path.remote = pair.remote.to_string();
  return path;
}

}  // namespace roomwire::mesh
