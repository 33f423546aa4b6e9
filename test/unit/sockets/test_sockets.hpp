// SocketSet with an observer that keeps what it is told.
#pragma once

#include <gtest/gtest.h>

#include <base/bytes.hpp>
#include <functional>
#include <net/loop.hpp>
#include <sockets/socket_set.hpp>
#include <string>
#include <vector>

#include "net/run_until.hpp"

namespace roomwire::sockets {

using net::run_until;

inline SocketUrl to(const std::string& text) {
  const auto url = SocketUrl::parse(text, SocketRole::destination);
  EXPECT_TRUE(url) << url.error().message;
  return url.value_or(SocketUrl{});
}

inline SocketUrl at(const std::string& text) {
  const auto url = SocketUrl::parse(text, SocketRole::listener);
  EXPECT_TRUE(url) << url.error().message;
  return url.value_or(SocketUrl{});
}

struct Heard {
  Source source;
  std::string packet;
};

struct TestSockets : SocketSetObserver {
  explicit TestSockets(net::Loop& loop, bool strict_source = true)
      : sockets(std::make_unique<SocketSet>(
            loop, *this, SocketSetOptions{.proof = 200ms, .strict_source = strict_source})) {}

  void on_packet(const Source& source, ByteView packet) override {
    heard.push_back({source, std::string(as_text(packet))});
    if (when_heard) when_heard(source, packet);
  }
  void on_destination_change(DestinationId, bool up, const std::string& line) override {
    changes.push_back({up, line});
    if (when_changed) when_changed();
  }
  void on_malformed(const Source&, const std::string& reason) override {
    malformed.push_back(reason);
  }
  void on_notice(DestinationId, const std::string& line) override { notices.push_back(line); }
  void on_room() override {
    ++rooms;
    if (when_room) when_room();
  }

  SocketSet* operator->() const { return sockets.get(); }

  /// Listens, and gives the port.
  std::string listen(const std::string& url) {
    listener = sockets->listen(at(url));
    if (!listener) ADD_FAILURE() << listener.error().message;
    return std::to_string(sockets->listening_on(*listener).front().port);
  }
  void send(DestinationId destination, std::string_view packet) {
    sockets->send(destination, as_bytes(packet));
  }
  std::vector<std::string> packets() const {
    std::vector<std::string> all;
    for (const Heard& one : heard)
      all.push_back(one.packet);
    return all;
  }

  struct Change {
    bool up;
    std::string line;
  };
  std::vector<Heard> heard;
  std::vector<Change> changes;
  std::vector<std::string> malformed;
  std::vector<std::string> notices;
  int rooms = 0;
  std::function<void(const Source&, ByteView)> when_heard;
  std::function<void()> when_changed;
  std::function<void()> when_room;
  Result<ListenerId> listener = ListenerId{};
  std::unique_ptr<SocketSet> sockets;
};

}  // namespace roomwire::sockets
