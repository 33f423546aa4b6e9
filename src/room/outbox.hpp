// What waits to be sent to one peer.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "room/chunk.hpp"

namespace roomwire::room {

/// A message on its way, shared by all peers that it still has to go to.
struct Outgoing {
  ChunkedMessage chunks;
  std::string_view token;     ///< Of its room, which outlives it.
  std::uint64_t send_id = 0;  ///< Of the user's send; 0 when nobody asked to hear of it.
  bool wants_progress = false;
  bool automatic = false;   ///< An answer that the peer brought about: bounded by their number.
  std::size_t targets = 0;  ///< That it has not wholly gone to.

  /// What it counts against the bound, its bookkeeping included.
  std::size_t cost() const { return chunks.size() + 256; }
};

/// One queue for each action of each room, served in turn, chunk by chunk: messages of an action
/// keep their order, and a short one waits for at most one chunk of every other action.
class Outbox {
 public:
  /// At most this many automatic answers wait; push refuses more.
  static constexpr std::size_t max_automatic = 256;

  struct Entry {
    std::shared_ptr<Outgoing> message;
    std::size_t next = 0;  ///< Index of the chunk to go next.
  };

  bool empty() const { return queues_.empty(); }
  /// Of all messages that wait, each counted in full until its last chunk went.
  std::size_t bytes() const { return bytes_; }
  bool takes_automatic() const { return automatic_ < max_automatic; }

  void push(std::shared_ptr<Outgoing> message, std::size_t next);
  /// The chunk whose turn it is; the outbox is not empty. Valid until advance().
  const Entry& front() const { return turns_.front()->second.front(); }
  /// That chunk went: the turn passes on. Gives the message back when it was its last.
  std::shared_ptr<Outgoing> advance();
  /// Takes out what is queued for a room.
  std::vector<std::shared_ptr<Outgoing>> drop(std::string_view token);

 private:
  using Key = std::pair<std::string_view, std::string>;  ///< Room token, action.
  using Queues = std::map<Key, std::deque<Entry>>;

  void forget(const Outgoing& message);

  Queues queues_;                      ///< None of them is empty.
  std::list<Queues::iterator> turns_;  ///< All of them, the next to be served first.
  std::size_t bytes_ = 0;
  std::size_t automatic_ = 0;
};

}  // namespace roomwire::room
