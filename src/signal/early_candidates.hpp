// Candidates that came before the description that they belong to.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "roomwire/ids.hpp"

namespace roomwire::signal {

/// Distinct candidates of one side of one attempt. They may come through several relays.
class CandidateSet {
 public:
  /// At 64 no more are taken: a browser with many networks gathers some 20.
  static constexpr std::size_t max_size = 64;
  /// False when it is there already, or when the set is full.
  bool add(std::string_view text);
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::vector<std::string> texts_;
};

/// Kept by peer and offer id for 30 s. At 8 offer ids of a peer the oldest makes room; at 4096
/// candidates in all, new ones are dropped (those of honest peers come again with their offer).
class EarlyCandidates {
 public:
  /// False when it was dropped.
  bool keep(Time now, const PeerId& peer, const std::string& offer_id, std::string_view candidate);
  std::vector<std::string> take(const PeerId& peer, const std::string& offer_id);
  void forget(const PeerId& peer);

  Deadline next_timeout() const;
  void handle_timeout(Time now);

 private:
  struct Entry {
    Time expires_at{};
    CandidateSet candidates;
  };
  using Entries = std::map<std::pair<PeerId, std::string>, Entry>;

  Entries::iterator erase(Entries::iterator entry);
  void make_room(const PeerId& peer);

  Entries entries_;
  std::size_t count_ = 0;
};

}  // namespace roomwire::signal
