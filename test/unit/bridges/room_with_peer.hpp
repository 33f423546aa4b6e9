// A room of this process, and another process that speaks in it: the library has one Context a
// process.
#pragma once

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <memory>
#include <optional>
#include <roomwire/roomwire.hpp>
#include <string>
#include <utility>
#include <vector>

#include "relay/running_server.hpp"

namespace roomwire::bridges {

using namespace std::chrono_literals;

class RoomWithPeer : public testing::Test {
 protected:
  /// What the other process says to who joins: a channel, and JSON.
  using Saying = std::vector<std::pair<std::string, std::string>>;

  void start(const Saying& saying) {
    ASSERT_EQ(::pipe(pipe_.data()), 0);
    child_ = ::fork();
    ASSERT_GE(child_, 0);
    if (child_ == 0) speak(saying);
    relay_.emplace();
    const std::string url = "ws://127.0.0.1:" + std::to_string(relay_->port());
    ASSERT_EQ(::write(pipe_[1], url.data(), url.size()), static_cast<ssize_t>(url.size()));
    ::close(pipe_[1]);
    ::close(pipe_[0]);
    join(url);
    context->post_after(120s, [this] {
      ADD_FAILURE() << "what the test waits for does not come";
      context->stop();
    });
  }
  void TearDown() override {
    room.reset();
    context.reset();
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
  }
  std::unique_ptr<Context> context;
  std::unique_ptr<Room> room;

 private:
  static ContextOptions options(const std::string& relay) {
    ContextOptions options;
    options.relays = {RelayUrl::parse(relay, RelayUrl::Kind::ws_relay).value()};
    options.ice_servers.emplace();
    options.ice_interfaces = {"127.0.0.1"};
    return options;
  }
  static RoomOptions stage() {
    RoomOptions options;
    options.room = RoomId("stage");
    return options;
  }

  void join(const std::string& relay) {
    auto created = Context::create(options(relay));
    ASSERT_TRUE(created) << created.error().message;
    context = std::move(*created);
    auto joined = context->join(stage());
    ASSERT_TRUE(joined) << joined.error().message;
    room = std::move(*joined);
  }

  /// The other process, until it is killed.
  [[noreturn]] void speak(const Saying& saying) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(pipe_[1]);
    std::string relay(256, '\0');
    const ssize_t size = ::read(pipe_[0], relay.data(), relay.size());
    relay.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    join(relay);
    std::vector<Action> actions;
    room->on_peer_join([&](const PeerId& peer) {
      for (const auto& [channel, json] : saying) {
        actions.push_back(*room->action(channel));
        SendOptions to_peer;
        to_peer.to = {peer};
        (void)actions.back().send(*Json::parse(json), to_peer);
      }
    });
    context->run();
    ::_exit(0);
  }

  std::array<int, 2> pipe_{};
  pid_t child_ = -1;
  std::optional<relay::RunningServer> relay_;
};

}  // namespace roomwire::bridges
