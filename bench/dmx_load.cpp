// What drives script/bench's DMX bridges: a peer that plays a moving light show, and the node that
// hears it as Art-Net.
//   bench_dmx_load ROOM RELAY UNIVERSES SECONDS
// Prints the port that it hears on, waits for a bridge in the room, plays for two seconds more than
// it measures, prints one line of JSON.
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iostream>
#include <roomwire/roomwire.hpp>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t frames_per_second = 44;
/// That move in each frame.
constexpr int channels = 32;
constexpr std::int64_t warm_up = 2 * second;

std::int64_t now() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec * second + time.tv_nsec;
}

void sleep_until(std::int64_t time) {
  const timespec until{time / second, time % second};
  while (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

/// {"universe":U,"channels":[{"channel":0,"value":V},…]}
std::string message(int universe, int frame) {
  std::string text = "{\"universe\":" + std::to_string(universe) + ",\"channels\":[";
  for (int channel = 0; channel < channels; ++channel) {
    if (channel > 0) text += ',';
    text += "{\"channel\":" + std::to_string(channel) +
            ",\"value\":" + std::to_string((frame + channel) % 256) + '}';
  }
  return text + "]}";
}

/// When the frames of each universe came, by the kernel's clock.
class Node {
 public:
  explicit Node(int universes)
      : socket_(::socket(AF_INET, SOCK_DGRAM, 0)), times_(static_cast<std::size_t>(universes)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    const int on = 1;
    const int buffer = 8 << 20;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_, any, length) != 0 || ::getsockname(socket_, any, &length) != 0 ||
        ::setsockopt(socket_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0) {
      std::perror("bench_dmx_load");
      std::exit(1);
    }
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    port_ = ntohs(address.sin_port);
  }

  std::uint16_t port() const { return port_; }

  void hear_until(const std::atomic<bool>& end) {
    while (!end) {
      pollfd waiting{socket_, POLLIN, 0};
      if (::poll(&waiting, 1, 100) > 0) hear();
    }
  }

  const std::vector<std::vector<std::int64_t>>& times() const { return times_; }

 private:
  void hear() {
    std::array<std::uint8_t, 1024> packet{};
    alignas(cmsghdr) std::array<char, 256> control{};
    iovec part{packet.data(), packet.size()};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    // ArtDmx: universes of the first Net only.
    if (::recvmsg(socket_, &header, 0) < 18 || packet[9] != 0x50 || packet[14] >= times_.size())
      return;
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
      timespec time{};
      std::memcpy(&time, CMSG_DATA(c), sizeof time);
      times_[packet[14]].push_back(time.tv_sec * second + time.tv_nsec);
    }
  }

  int socket_;
  std::uint16_t port_ = 0;
  std::vector<std::vector<std::int64_t>> times_;
};

/// How far the time between two frames of a universe is from 1/44 s, in milliseconds.
void print_jitter(const Node& node, std::int64_t from, std::int64_t to) {
  std::vector<double> off;
  std::size_t frames = 0;
  for (const auto& times : node.times()) {
    std::int64_t last = 0;
    for (const std::int64_t time : times) {
      if (time < from || time > to) continue;
      ++frames;
      if (last != 0)
        off.push_back(std::abs(static_cast<double>(time - last) * 1e-6 - 1e3 / frames_per_second));
      last = time;
    }
  }
  std::sort(off.begin(), off.end());
  const auto at = [&](std::size_t percent) {
    return off.empty() ? 0 : off[(off.size() - 1) * percent / 100];
  };
  const double seconds = static_cast<double>(to - from) / static_cast<double>(second);
  const double rate =
      static_cast<double>(frames) / seconds / static_cast<double>(node.times().size());
  std::cout << "{\"p50\":" << at(50) << ",\"p99\":" << at(99) << ",\"max\":" << at(100)
            << ",\"rate\":" << rate << "}" << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "bench_dmx_load ROOM RELAY UNIVERSES SECONDS\n";
    return 2;
  }
  const int universes = std::atoi(argv[3]);
  const std::int64_t seconds = std::atoi(argv[4]);
  Node node(universes);
  std::cout << node.port() << std::endl;

  roomwire::ContextOptions options;
  options.relays = {roomwire::RelayUrl::parse(argv[2]).value()};
  options.ice_servers.emplace();
  auto context = roomwire::Context::create(options).value();
  roomwire::RoomOptions room_options;
  room_options.room = roomwire::RoomId(argv[1]);
  auto room = context->join(room_options).value();
  auto action = room->action("dmx").value();
  std::atomic<bool> bridge_is_there = false;
  room->on_peer_join([&](const roomwire::PeerId&) { bridge_is_there = true; });

  std::atomic<bool> end = false;
  std::int64_t measure_from = 0;
  std::int64_t measure_to = 0;
  std::thread hearing([&] { node.hear_until(end); });
  // The show has a thread of its own, so that the frames leave in time whatever the loop does.
  std::thread show([&] {
    while (!bridge_is_there)
      std::this_thread::sleep_for(10ms);
    const std::int64_t began = now();
    const std::int64_t frames = (warm_up / second + seconds) * frames_per_second;
    for (std::int64_t frame = 0; frame < frames; ++frame) {
      sleep_until(began + frame * second / frames_per_second);
      context->post([&, frame] {
        for (int universe = 0; universe < universes; ++universe) {
          auto json = roomwire::Json::parse(message(universe, static_cast<int>(frame)));
          static_cast<void>(action.send(*std::move(json)));
        }
      });
    }
    measure_from = began + warm_up;
    measure_to = now();
    end = true;
    context->stop();
  });
  context->run();
  show.join();
  hearing.join();
  print_jitter(node, measure_from, measure_to);
}
