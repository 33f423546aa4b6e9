// What the tests of the public interface share: a context whose only relay refuses it.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <roomwire/roomwire.hpp>
#include <string>

namespace roomwire {

using namespace std::chrono_literals;

/// A port of this machine that is taken: what is bound and does not listen refuses connections.
class TakenPort {
 public:
  explicit TakenPort(int type) : socket_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_, any, size) != 0 || ::getsockname(socket_, any, &size) != 0) {
      ADD_FAILURE() << "no port on 127.0.0.1";
    }
    port_ = ntohs(address.sin_port);
  }
  ~TakenPort() { ::close(socket_); }
  TakenPort(const TakenPort&) = delete;
  TakenPort& operator=(const TakenPort&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

inline const PeerId nobody{"AbsentPeer0123456789"};

class ClientTest : public testing::Test {
 protected:
  ContextOptions options() const {
    ContextOptions options;
    options.relays = {RelayUrl::parse(relay_url, RelayUrl::Kind::ws_relay).value()};
    options.ice_servers.emplace();
    options.ice_interfaces = {"127.0.0.1"};
    return options;
  }
  void start() { start(options()); }
  void start(const ContextOptions& options) {
    auto created = Context::create(options);
    ASSERT_TRUE(created) << created.error().message;
    context = std::move(*created);
    context->post_after(120s, [this] {
      ADD_FAILURE() << "what the test waits for does not come";
      context->stop();
    });
  }
  RoomOptions room_options(const std::string& room) const {
    RoomOptions options;
    options.app = AppId("test");
    options.room = RoomId(room);
    return options;
  }
  std::unique_ptr<Room> join(const std::string& room = "stage") {
    auto joined = context->join(room_options(room));
    EXPECT_TRUE(joined) << joined.error().message;
    return joined ? std::move(*joined) : nullptr;
  }
  /// Lets the loop do what is ready, so that what was called once too often would show.
  void settle() {
    turns = 0;
    turn();
    context->run();
  }
  void turn() {
    if (++turns > 20) return context->stop();
    context->post([this] { turn(); });
  }
  /// Tries until the room, whose Room was destroyed, can be joined.
  void rejoin(std::unique_ptr<Room>& room) {
    auto joined = context->join(room_options("stage"));
    if (joined) {
      room = std::move(*joined);
      context->stop();
    } else {
      EXPECT_EQ(joined.error().kind, ErrorKind::rejected);
      context->post_after(5ms, [this, &room] { rejoin(room); });
    }
  }

  const TakenPort refusing{SOCK_STREAM};
  const std::string relay_url = "ws://127.0.0.1:" + std::to_string(refusing.port());
  std::unique_ptr<Context> context;
  int turns = 0;
};

}  // namespace roomwire
