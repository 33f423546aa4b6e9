// The listening half of the DMX bridge: the universes of --listen, and Art-Net's own port.
#pragma once

#include <cstdint>
#include <dmx/input.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bridges/dmx/dmx_url.hpp"
#include "sockets/socket_set.hpp"

namespace roomwire::bridges {

struct DmxListenerOptions {
  dmx::MergeMode merge = dmx::MergeMode::latest;
  unsigned rate = dmx::max_frame_rate;
  /// What the same SocketSet sends by Art-Net. It comes back where it is broadcast, from a port
  /// that other programs on this machine share, so what comes from there for these universes is not
  /// taken.
  std::vector<dmx::PortAddress> sent;
};

/// Called on the loop's thread; must not destroy the DmxListener.
class DmxListenerObserver {
 public:
  virtual ~DmxListenerObserver() = default;
  /// What desks changed in a universe.
  virtual void on_desk(const DmxUrl& universe, const dmx::Update& update) = 0;
  /// What a person should know, in one line.
  virtual void on_desk_notice(const std::string& line) = 0;
  /// `who` sent what cannot be taken.
  virtual void on_refused(const dmx::Refusal& refusal, const std::string& who) = 0;
  virtual void on_poll(const sockets::Source& source, const dmx::ArtPoll& poll) = 0;
};

class DmxListener {
 public:
  /// `ends` and `observer` outlive this.
  DmxListener(sockets::SocketSet& ends, DmxListenerOptions options, DmxListenerObserver& observer);
  ~DmxListener();
  DmxListener(const DmxListener&) = delete;
  DmxListener& operator=(const DmxListener&) = delete;

  /// Listens when it returns, as widely as the protocol is sent: for Art-Net to broadcast and
  /// unicast, for sACN to the universe's group and unicast. Fails when a port is taken by a program
  /// that does not share it. Of several universes each update says of which it is. A universe that
  /// is named more than once is one, and what comes for it comes once. Once.
  Result<void> open(std::vector<DmxUrl> urls, Time now);
  /// So that Art-Net can leave from its port, and who polls there finds us. False when another
  /// program has it.
  bool open_artnet_port();
  /// And no other program had it before.
  bool has_artnet_port() const { return artnet_port_.has_value(); }

  /// What came in by one of the ends. False when it is of none that is listened to.
  bool handle(const sockets::Source& end, ByteView packet, Time now);
  Deadline next_timeout() const;
  void handle_timeout(Time now);

  /// `0.0.0.0:6454 for Art-Net 0.0.1`
  std::vector<std::string> listening() const;
  /// For each universe in turn; `packets` were taken from desks.
  void for_each(const std::function<void(const DmxUrl&, const dmx::Input&, std::uint64_t packets)>&
                    look) const;

 private:
  struct Desk;
  struct Listening {
    sockets::SocketUrl socket;
    bool artnet = false;
    std::vector<Desk*> desks;
  };

  Desk& desk(const DmxUrl& url, bool names_universe, Time now);
  Result<void> add(const DmxUrl& url, Desk& desk);
  Result<void> add_artnet(const DmxUrl& url, Desk& desk);
  Result<void> add_sacn(const DmxUrl& url, Desk& desk);
  Result<sockets::ListenerId> listen(const sockets::SocketUrl& socket, bool artnet, Desk& desk);
  Result<sockets::ListenerId> share(sockets::SocketUrl socket);
  void handle_artnet(const Listening& on, const sockets::Source& source, ByteView packet, Time now);
  void handle_sacn(const Listening& on, const sockets::Source& source, ByteView packet, Time now);
  bool may_be_ours(const sockets::Source& source, dmx::PortAddress universe) const;
  template <class Packet>
  void take(const Listening& on, const sockets::Source& source, const Packet& packet, Time now);

  sockets::SocketSet& sockets_;
  const DmxListenerOptions options_;
  DmxListenerObserver& observer_;
  std::vector<std::unique_ptr<Desk>> desks_;
  std::vector<Listening> listeners_;  ///< By sockets::ListenerId.
  /// Where Art-Net's own port is listened to, when no other program had it before.
  std::optional<sockets::ListenerId> artnet_port_;
};

}  // namespace roomwire::bridges
