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

TriedPairs tried_pairs(const rtc::PeerConnection& connection) {
  static constexpr std::size_t most = 8;
  const auto kind = [](rtc::CandidateType type) {
    switch (type) {
      case rtc::CandidateType::server_reflexive:
        return AddressPair::Kind::server_reflexive;
      case rtc::CandidateType::peer_reflexive:
        return AddressPair::Kind::peer_reflexive;
      case rtc::CandidateType::relayed:
        return AddressPair::Kind::relayed;
      case rtc::CandidateType::host:
        break;
    }
    return AddressPair::Kind::host;
  };
  TriedPairs tried;
  const std::vector<rtc::IcePair> pairs = connection.checked_pairs();
  tried.count = pairs.size();
  for (const rtc::IcePair& pair : pairs) {
    if (tried.first.size() == most) break;
    tried.first.push_back({pair.local.to_string(), pair.remote.to_string(), kind(pair.local_type),
                           kind(pair.remote_type)});
  }
  return tried;
}

}  // namespace roomwire::mesh
