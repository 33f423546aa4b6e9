// What drives script/bench's OSC bridges: sends OSC by UDP into one, hears it from the other.
//   bench_osc_load MESSAGES WINDOW
// Prints the port that it hears on, reads the port to send to, measures, prints one line of JSON.
// No more than WINDOW messages are on their way at once: a sender that outruns the buffers of UDP
// would measure them, and not the bridges.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::uint32_t warm_up = 200;
constexpr std::uint32_t trips = 2000;
constexpr std::size_t batch = 64;
/// What has not come after this time is lost.
constexpr auto patience = 1s;

/// `/bench/n ,if number 0.5`
constexpr std::size_t packet_size = 24;
constexpr std::size_t number_at = 16;
using Packet = std::array<char, packet_size>;

Packet packet(std::uint32_t number) {
  Packet out{};
  std::memcpy(out.data(), "/bench/n\0\0\0\0,if", 15);
  number = htonl(number);
  std::memcpy(out.data() + number_at, &number, sizeof number);
  out[number_at + 4] = 0x3f;  // 0.5
  return out;
}

class Load {
 public:
  Load() : socket_(::socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    if (::bind(socket_, as_any(address), length) != 0 ||
        ::getsockname(socket_, as_any(address), &length) != 0) {
      std::perror("bench_osc_load");
      std::exit(1);
    }
    port_ = ntohs(address.sin_port);
  }

  std::uint16_t port() const { return port_; }

  void send_to(std::uint16_t port) { to_ = loopback(port); }

  void send(std::uint32_t number) { send_many(number, 1); }

  /// Those numbered from `first`, with as few system calls as can be: the processor is for the
  /// bridges.
  void send_many(std::uint32_t first, std::uint32_t count) {
    std::array<Packet, batch> packets;
    std::array<iovec, batch> parts;
    std::array<mmsghdr, batch> messages{};
    for (std::uint32_t done = 0; done < count;) {
      const std::uint32_t now = std::min<std::uint32_t>(count - done, batch);
      for (std::uint32_t i = 0; i < now; ++i) {
        packets[i] = packet(first + done + i);
        parts[i] = {packets[i].data(), packet_size};
        messages[i].msg_hdr.msg_name = &to_;
        messages[i].msg_hdr.msg_namelen = sizeof to_;
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
      }
      const int sent = ::sendmmsg(socket_, messages.data(), now, 0);
      if (sent > 0) done += static_cast<std::uint32_t>(sent);
    }
  }

  /// The number of the next message; nothing when none comes in time.
  std::optional<std::uint32_t> receive(std::chrono::milliseconds wait) {
    std::array<char, packet_size> in;
    while (wait_readable(wait)) {
      if (::recv(socket_, in.data(), in.size(), MSG_TRUNC) != packet_size) continue;
      std::uint32_t number = 0;
      std::memcpy(&number, in.data() + number_at, sizeof number);
      return ntohl(number);
    }
    return std::nullopt;
  }

  /// How many messages there are; 0 when none comes in time.
  std::uint32_t receive_many(std::chrono::milliseconds wait) {
    std::array<Packet, batch> packets;
    std::array<iovec, batch> parts;
    std::array<mmsghdr, batch> messages{};
    for (std::size_t i = 0; i < batch; ++i) {
      parts[i] = {packets[i].data(), packet_size};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    if (!wait_readable(wait)) return 0;
    const int came = ::recvmmsg(socket_, messages.data(), batch, MSG_DONTWAIT, nullptr);
    return came < 0 ? 0 : static_cast<std::uint32_t>(came);
  }

 private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  bool wait_readable(std::chrono::milliseconds wait) const {
    pollfd waiting{socket_, POLLIN, 0};
    return ::poll(&waiting, 1, static_cast<int>(wait.count())) > 0;
  }
  static sockaddr* as_any(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }

  int socket_;
  std::uint16_t port_ = 0;
  sockaddr_in to_{};
};

/// Until the bridges have met, nothing comes.
void wait_for_bridges(Load& load) {
  do {
    load.send(0);
  } while (!load.receive(50ms));
  while (load.receive(200ms)) {
  }
}

struct Latency {
  double p50 = 0;
  double p99 = 0;
};

/// In microseconds, one message at a time.
Latency measure_latency(Load& load, std::uint32_t& lost) {
  std::vector<double> times;
  for (std::uint32_t i = 1; i <= warm_up + trips; ++i) {
    const auto sent_at = Clock::now();
    load.send(i);
    auto came = load.receive(patience);
    while (came && *came != i)
      came = load.receive(patience);
    if (!came) {
      ++lost;
    } else if (i > warm_up) {
      times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - sent_at).count());
    }
  }
  if (times.empty()) return {};
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times[times.size() * 99 / 100]};
}

/// Messages that arrived per second.
double measure_rate(Load& load, std::uint32_t messages, std::uint32_t window, std::uint32_t& lost) {
  std::uint32_t sent = 0;
  std::uint32_t arrived = 0;
  std::uint32_t outstanding = 0;
  const auto began = Clock::now();
  auto last = began;
  while (sent < messages || outstanding > 0) {
    const std::uint32_t more = std::min(window - outstanding, messages - sent);
    load.send_many(sent, more);
    sent += more;
    outstanding += more;
    if (const std::uint32_t came = load.receive_many(patience)) {
      arrived += came;
      outstanding -= std::min(outstanding, came);
      last = Clock::now();
    } else {
      lost += outstanding;
      outstanding = 0;
    }
  }
  return arrived / std::chrono::duration<double>(last - began).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "bench_osc_load MESSAGES WINDOW\n";
    return 2;
  }
  const auto messages = static_cast<std::uint32_t>(std::strtoul(argv[1], nullptr, 10));
  const auto window = static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10));
  Load load;
  std::cout << load.port() << std::endl;
  std::uint16_t port = 0;
  if (!(std::cin >> port)) return 1;
  load.send_to(port);
  wait_for_bridges(load);
  std::uint32_t lost = 0;
  const Latency latency = measure_latency(load, lost);
  const double rate = measure_rate(load, messages, window, lost);
  std::cout << "{\"p50\":" << latency.p50 << ",\"p99\":" << latency.p99 << ",\"rate\":" << rate
            << ",\"lost\":" << lost << "}" << std::endl;
}
