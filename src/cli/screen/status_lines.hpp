// What happens on the way to a peer, told to a person in few words.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <roomwire/ids.hpp>
#include <roomwire/status.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/flags/options.hpp"
#include "cli/screen/standard_error.hpp"

namespace roomwire::cli {

/// `this machine`, `local network` or `across the internet`.
const char* where(Path::Kind kind);

/// Without -v a line is said only if it tells the user something to know or to do, and what a
/// relay or a stranger can cause is said at most 100 times in all (what was dropped: as the library
/// bounds it). Text from the network is made
/// printable.
class StatusLines {
 public:
  using Print = std::function<void(Tone, const std::string&)>;
  using Unmet = std::function<std::vector<UnmetPeer>()>;

  /// `relays_named`: the user chose the relays, so each matters. Otherwise they are the many
  /// public ones, some of which are always down or refuse, and only their number is told. `unmet`
  /// is Room::unmet_peers.
  StatusLines(Verbosity verbosity, bool relays_named, Print print, Unmet unmet);

  void joining(const RoomId& room, const PeerId& self);
  void on_status(const Status& status);
  void peer_joined(const PeerId& peer, const std::optional<Path>& path);
  void peer_left(const PeerId& peer, const std::string& reason);
  /// What is sent now goes without those, who were heard and not met in time.
  void not_waiting_for(const std::vector<PeerId>& peers);
  /// Still too few peers: says which relays answer, who is heard and not met, and what may be
  /// wrong.
  void waiting(std::size_t peers, std::size_t wanted);
  /// With -v: what was counted.
  void ended(const Stats& stats);
  /// A line of the caller's own.
  void note(Tone tone, const std::string& line);
  /// The same, said with -v only.
  void detail(const std::string& line);

 private:
  struct Relay {
    bool answers = false;
    bool complained = false;
    std::string reason;
    std::string refusal;       // why it is of no use though it answers
    std::string said_refusal;  // the sort of it
    bool serves() const { return answers && refusal.empty(); }
  };

  void from_network(const std::string& line);
  using RelayKey = std::pair<std::string, RelayUrl::Kind>;
  Relay* relay(RelayKey key);
  std::string relay_count() const;
  std::string nobody_answers() const;
  bool is_served() const;
  std::string nobody_hears_us() const;
  std::string may_be_wrong() const;

  void on(const RelayConnected& status);
  void on(const RelayFailed& status);
  void on(const RelayNotice& status);
  void on(const PeerHeard& status);
  void on(const RelayRefused& status);
  void on(const RelayPasses& status);
  void on(const PeerConnecting& status);
  void on(const PeerConnected& status);
  void on(const PeerDisconnected& status);
  void on(const PeerDeaf& status);
  void on(const WrongPassword& status);
  void on(const Undelivered& status);
  void on(const Dropped& status);

  const Verbosity verbosity_;
  const bool relays_named_;
  const Print print_;
  const Unmet unmet_;
  std::map<RelayKey, Relay> relays_;
  // At most max_peers each; what is beyond is forgotten, and said with -v only.
  std::set<PeerId> out_of_reach_;
  std::set<PeerId> kept_out_;  // with another password
  bool first_answer_ = true;
  bool said_undelivered_ = false;
  std::size_t network_lines_ = 0;
};

}  // namespace roomwire::cli
