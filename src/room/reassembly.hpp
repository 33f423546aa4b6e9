// Messages put together from their chunks, within bounds.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "room/chunk.hpp"
#include "roomwire/payload.hpp"

namespace roomwire::room {

class Reassembly;

/// What the unfinished messages of all peers hold together. Outlives every Reassembly of it.
class ReassemblyPool {
 public:
  explicit ReassemblyPool(std::size_t max_bytes) : max_bytes_(max_bytes) {}
  std::size_t bytes() const { return bytes_; }

 private:
  friend class Reassembly;
  /// Drops messages, oldest first, of whoever holds the most, until `more` bytes fit. False when
  /// only the message being added to is left to drop.
  bool make_room(std::size_t more);

  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::vector<Reassembly*> users_;
};

/// How many chunks a message has, as far as the progress bytes of its first ones tell. Notices
/// chunks of another message that took the nonce of one that was never finished: Trystero's
/// senders give up on a message after 10 s without progress and say nothing.
class ChunkCount {
 public:
  /// False when a message cannot go on like this; nothing is changed then.
  bool add(bool last, std::uint8_t progress);

 private:
  std::uint64_t seen_ = 0;
  std::uint64_t least_ = 1;
  std::uint64_t most_ = UINT64_MAX;
};

/// The unfinished messages of one peer, in all its rooms. Bounds, and what happens at them:
/// - a message grows beyond max_message_bytes: it is dropped and its later chunks are swallowed;
/// - all of them hold more than max_bytes, or those of all peers more than the pool has: the
///   oldest are dropped likewise;
/// - more than max_messages are unfinished: the oldest is forgotten.
class Reassembly {
 public:
  struct Limits {
    std::size_t max_message_bytes = 0;
    std::size_t max_bytes = 0;
    std::size_t max_messages = 1024;
  };
  struct Message {
    std::optional<Json> metadata;
    Bytes data;
  };
  /// Whose chunks they are: messages of different rooms are kept apart.
  using RoomKey = const void*;
  /// Hears of every message that is dropped, once.
  using OnDropped = std::function<void(const std::string& reason)>;

  Reassembly(ReassemblyPool& pool, Limits limits, OnDropped on_dropped);
  ~Reassembly();
  Reassembly(const Reassembly&) = delete;
  Reassembly& operator=(const Reassembly&) = delete;

  /// The message that the chunk belongs to: whole when it was the last chunk (take what you need
  /// of it), else unfinished. Nothing when the message was dropped. Valid until the next call.
  Message* add(RoomKey room, const Chunk& chunk);
  void forget(RoomKey room);
  /// No message is unfinished.
  bool empty() const { return pending_.empty(); }

 private:
  friend class ReassemblyPool;
  struct KeyView {
    RoomKey room;
    std::string_view action;
    std::uint16_t nonce;
  };
  struct Key {
    RoomKey room;
    std::string action;
    std::uint16_t nonce;
  };
  struct Less {
    using is_transparent = void;
    static KeyView view(const Key& key) { return {key.room, key.action, key.nonce}; }
    static KeyView view(const KeyView& key) { return key; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return less(view(a), view(b));
    }
    static bool less(const KeyView& a, const KeyView& b);
  };
  struct Pending {
    Message message;
    ChunkCount count;
    std::uint64_t begun = 0;  ///< Counts up, to find the oldest.
    std::size_t held = 0;     ///< Bytes accounted for.
    bool dropped = false;     ///< What still comes of it is swallowed.
  };
  using Map = std::map<Key, Pending, Less>;

  Map::iterator begin_message(const KeyView& key);
  bool append(Pending& pending, const Chunk& chunk);
  bool append_metadata(Pending& pending, ByteView text);
  bool append_data(Pending& pending, ByteView bytes);
  bool hold(Pending& pending, std::size_t more);
  Message* finish(Map::iterator entry);
  void drop(Pending& pending, const std::string& reason);
  /// False when there is none but the one that is being added to.
  bool drop_oldest(const std::string& reason);
  void forget_oldest();
  void release(Pending& pending);

  ReassemblyPool& pool_;
  Limits limits_;
  OnDropped on_dropped_;
  Map pending_;
  Message finished_;
  const Pending* growing_ = nullptr;  ///< Not to be taken away while it is added to.
  std::uint64_t begun_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace roomwire::room
