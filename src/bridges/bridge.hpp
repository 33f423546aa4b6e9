// What every bridge is to the owner of its room.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <roomwire/ids.hpp>
#include <string>
#include <vector>

namespace roomwire::net {
class Loop;
}

namespace roomwire::bridges {

/// A bridge stands in a room from its creation on, and ends in steps:
///
///   running → finishing → finished → destroyed
///
/// finish() begins the second, and the bridge itself the third when all that it owes was said.
/// Each step may come twice or early: a second finish() changes nothing and is told of the same
/// end, and a bridge may be destroyed in any of them, also when its room was left already. A
/// destroyed one leaves nothing of itself in the room, and calls nobody any more.
///
/// All on the thread of the Context, which outlives it.
class Bridge {
 public:
  virtual ~Bridge();
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;

  /// For the owner of the room to pass on.
  virtual void peer_joined(const PeerId& peer) = 0;
  virtual void peer_left(const PeerId& peer) = 0;

  /// The room is to be left: what was kept back goes out. `done` is called when that has happened,
  /// once, never inside this call.
  void finish(std::function<void()> done);

  /// Where it listens, with the ports that the system chose, a line each.
  virtual std::vector<std::string> listening() const = 0;

 protected:
  enum class Stage : std::uint8_t { running, finishing, finished };

  explicit Bridge(net::Loop& loop);
  Stage stage() const { return stage_; }
  /// Called once. Whoever implements it calls finished(), now or later.
  virtual void begin_finish() = 0;
  /// Nothing is owed any more.
  void finished();

 private:
  void tell_later();

  net::Loop& loop_;
  Stage stage_ = Stage::running;
  std::vector<std::function<void()>> waiting_;
  /// For what is posted: nobody is told by a bridge that is gone.
  std::shared_ptr<Bridge*> self_ = std::make_shared<Bridge*>(this);
};

}  // namespace roomwire::bridges
