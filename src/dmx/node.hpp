// Art-Net discovery: how desks see us, and which nodes there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "dmx/artnet.hpp"

namespace roomwire::dmx {

/// A controller asks this often, so that a node that went is noticed (Art-Net 4: 2.5 to 3 s).
constexpr Duration artnet_poll_interval = 2750ms;

/// What we say of ourselves.
struct NodeInfo {
  std::array<std::uint8_t, 4> ip{};
  std::array<std::uint8_t, 6> mac{};
  std::string short_name = "roomwire";
  std::string long_name = "roomwire: lights over a room of peers";
  /// What we take from desks: ports that put Art-Net out.
  std::vector<PortAddress> listens;
  /// What we send: ports that bring something into Art-Net.
  std::vector<PortAddress> sends;
};

/// The answer to an ArtPoll: packets of up to four universes of one Net and Sub-Net, numbered by
/// bind_index; one without ports when there is none. Empty for a poll that is targeted at others.
/// `counter` goes into the report and rises with each poll that is answered. The standard wants
/// the answer sent after a random time of up to a second.
std::vector<ArtPollReply> poll_replies(const NodeInfo& node, const ArtPoll& poll,
                                       std::uint32_t counter);

/// A node with all its ports.
struct Node {
  ArtPollReply reply;                ///< One of its answers: for its address and names.
  std::vector<PortAddress> outputs;  ///< Ascending, each once.
  std::vector<PortAddress> inputs;
};

/// Who answered our polls. A node with more than four ports sends several answers, numbered by bind
/// index; of those that give all of them one index, answers with different ports that come within
/// a second are told apart by their ports.
class NodeTable {
 public:
  /// One more is not taken in until an old one is forgotten.
  static constexpr std::size_t max_entries = 1'024;
  /// Some three polls unanswered.
  static constexpr Duration max_age = 10s;

  struct Entry {
    ArtPollReply reply;
    Time heard;
  };

  enum class Noted { added, changed, same, full };
  Noted note(const ArtPollReply& reply, Time now);
  Deadline next_timeout() const;
  /// Forgets who was not heard for max_age, and gives them back.
  std::vector<Entry> handle_timeout(Time now);

  /// By address, those of one node after each other.
  std::vector<Entry> entries() const;
  /// All of the node that this is an answer of.
  Node node_of(const ArtPollReply& reply) const;

 private:
  /// All answers to one poll come within this.
  static constexpr Duration one_answer = 1s;

  struct Key {
    std::array<std::uint8_t, 8> place{};  ///< Nodes behind one address differ in where they bind.
    std::uint8_t bind_index = 1;
    std::array<std::uint8_t, 14> ports{};
    auto operator<=>(const Key&) const = default;
  };
  static Key key_of(const ArtPollReply& reply);

  std::map<Key, Entry> entries_;
};

}  // namespace roomwire::dmx
