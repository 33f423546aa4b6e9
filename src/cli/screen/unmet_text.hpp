// Peers that are heard and not met, told to a person: what is known, and what to do.
#pragma once

#include <roomwire/status.hpp>
#include <string>
#include <vector>

namespace roomwire::cli {

/// `; tried ADDRESS (host) to ADDRESS (host) and 3 more`, with at most `most` pairs; of none that
/// the peer named no address that can be tried.
std::string tried_text(const TriedPairs& tried, std::size_t most);

/// What to do about a peer that cannot be reached.
std::string out_of_reach_remedy();
/// What may be wrong with a peer that does not hear us.
std::string deaf_remedy();

/// Of the first few: who, since when, what was tried; and what to do about them.
std::string unmet_text(const std::vector<UnmetPeer>& unmet);

}  // namespace roomwire::cli
