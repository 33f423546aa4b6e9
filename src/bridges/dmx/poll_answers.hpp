// Art-Net desks ask who is there: our answers, so that they see us.
#pragma once

#include <dmx/node.hpp>
#include <functional>
#include <net/loop.hpp>
#include <net/system.hpp>
#include <vector>

#include "sockets/socket_set.hpp"

namespace roomwire::bridges {

/// Each answer waits for a random time of up to a second, as Art-Net wants it, lest all nodes
/// answer at once.
class PollAnswers {
 public:
  /// Answers that wait. Further polls are left out: desks ask again every few seconds.
  static constexpr std::size_t max_waiting = 16;

  using Send = std::function<void(const sockets::Source&, ByteView)>;

  /// `loop` outlives this.
  PollAnswers(net::Loop& loop, Send send);

  /// Its addresses are found for each answer.
  void set_node(dmx::NodeInfo node) { node_ = std::move(node); }
  void polled(const sockets::Source& from, const dmx::ArtPoll& poll);

 private:
  struct Waiting {
    Time due;
    sockets::Source from;
    dmx::ArtPoll poll;
  };

  void answer();
  void stand_towards(const IpAddress& asker);

  net::Loop& loop_;
  Send send_;
  dmx::NodeInfo node_;
  net::SystemEntropy entropy_;
  std::vector<Waiting> waiting_;
  std::uint32_t answered_ = 0;
  net::Timer timer_;
};

}  // namespace roomwire::bridges
