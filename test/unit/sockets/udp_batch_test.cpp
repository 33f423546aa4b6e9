#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <base/bytes.hpp>
#include <net/socket_address.hpp>
#include <sockets/udp_batch.hpp>
#include <string>
#include <vector>

namespace roomwire::sockets {
namespace {

class Socket {
 public:
  Socket() : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    net::SocketAddress address;
    const Endpoint any{*IpAddress::parse("127.0.0.1"), 0};
    socklen_t length = net::to_socket_address(any, address);
    EXPECT_EQ(::bind(fd_, &address.any, length), 0);
    EXPECT_EQ(::getsockname(fd_, &address.any, &length), 0);
    endpoint_ = *net::from_socket_address(&address.any);
  }
  ~Socket() { ::close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int fd() const { return fd_; }
  const Endpoint& endpoint() const { return endpoint_; }
  std::vector<std::string> read() const {
    std::vector<std::string> all;
    std::array<char, 65'536> buffer;
    for (ssize_t size = 0; (size = ::recv(fd_, buffer.data(), buffer.size(), 0)) >= 0;)
      all.emplace_back(buffer.data(), static_cast<std::size_t>(size));
    return all;
  }

 private:
  int fd_;
  Endpoint endpoint_;
};

struct Batch {
  Batch() { batch.set_remote(receiver.endpoint()); }
  std::vector<std::string> send(const std::vector<std::string>& packets, bool may_join) {
    for (const std::string& packet : packets)
      queue.push({}, as_bytes(packet));
    std::size_t done = 0;
    while (done < packets.size()) {
      const int sent = batch.send(sender.fd(), queue, done, packets.size() - done, may_join);
      if (sent <= 0) break;
      done += static_cast<std::size_t>(sent);
    }
    EXPECT_EQ(done, packets.size());
    return receiver.read();
  }
  Socket receiver;
  Socket sender;
  PacketQueue queue{{1'000, 1U << 20}};
  UdpBatch batch;
};

std::vector<std::string> of_many_sizes() {
  std::vector<std::string> packets;
  for (int i = 0; i < 150; ++i)
    packets.push_back("number " + std::to_string(i));
  packets.emplace_back();
  packets.emplace_back(2'000, 'x');
  for (int i = 0; i < 9; ++i)
    packets.emplace_back();
  packets.emplace_back("last");
  return packets;
}

TEST(UdpBatch, BringsPacketsAsTheyAre) {
  for (const bool may_join : {false, true})
    EXPECT_EQ(Batch().send(of_many_sizes(), may_join), of_many_sizes()) << may_join;
}

// A receiver that takes what was joined shows that it was.
TEST(UdpBatch, JoinsEqualSizesOfOneDestinationAlone) {
  Batch batch;
  const int on = 1;
  if (::setsockopt(batch.receiver.fd(), SOL_UDP, UDP_GRO, &on, sizeof on) != 0)
    GTEST_SKIP() << "the kernel does not join";
  const std::vector<std::string> few(4, "abcd");
  EXPECT_EQ(batch.send(few, true), few);
  batch.queue.clear();
  EXPECT_EQ(batch.send(std::vector<std::string>(100, "abcd"), true).size(), 2U);
  batch.queue.clear();
  EXPECT_EQ(batch.send(std::vector<std::string>(100, "abcd"), false).size(), 100U);

  batch.queue.clear();
  const Socket other;
  for (int i = 0; i < 20; ++i)
    batch.queue.push(i % 2 == 0 ? Endpoint() : other.endpoint(), as_bytes("abcd"));
  EXPECT_EQ(batch.batch.send(batch.sender.fd(), batch.queue, 0, 20, true), 20);
  EXPECT_EQ(batch.receiver.read().size(), 10U);
  EXPECT_EQ(other.read().size(), 10U);
}

}  // namespace
}  // namespace roomwire::sockets
