// Two connected transports, and a network that changes and invents datagrams and descriptions.
#include "rtc/peer_connection.hpp"

#include <cstdlib>
#include <deque>

#include "base/bytes.hpp"
#include "base/entropy.hpp"

namespace {

using namespace roomwire;
using namespace roomwire::rtc;

struct Datagram {
  Endpoint from;
  Endpoint to;
  Bytes bytes;
};
using Network = std::deque<Datagram>;

class Host : public DatagramPort, public ConnectionObserver {
 public:
  Host(Stack& stack, Network& network, const Endpoint& endpoint, IceRole role, Time now)
      : endpoint(endpoint), entropy_(endpoint.port), network_(network) {
    transport = Transport::create(stack, *this, entropy_);
    transport->set_local_endpoints(now, {endpoint});
    connection = transport->connect(role, *this);
  }
  void send(const Endpoint& local, const Endpoint& remote, ByteView datagram) override {
    if (network_.size() < 1000)
      network_.push_back({local, remote, {datagram.begin(), datagram.end()}});
  }
  void on_local_candidate(const Candidate&) override {}
  void on_open(const IcePair&) override {
    if (++opened > 1) std::abort();
  }
  void on_pair_changed(const IcePair&) override {}
  void on_message(ByteView data, bool) override {
    if (opened == 0 || closed > 0) std::abort();
    if (++received < 100) connection->send(Time{}, data);
  }
  void on_writable() override {}
  void on_closed(const std::string&) override {
    if (++closed > 1) std::abort();
  }

  Endpoint endpoint;
  int opened = 0;
  int closed = 0;
  int received = 0;
  std::unique_ptr<Transport> transport;
  std::unique_ptr<PeerConnection> connection;

 private:
  SeededEntropy entropy_;
  Network& network_;
};

void run(Network& network, Host& a, Host& b, Time now, std::size_t count) {
  while (count-- > 0 && !network.empty()) {
    const Datagram datagram = std::move(network.front());
    network.pop_front();
    Host& to = datagram.to == a.endpoint ? a : b;
    to.transport->handle_datagram(now, datagram.to, datagram.from, datagram.bytes,
                                  !network.empty());
  }
}

void tamper(ByteReader& reader, Network& network) {
  if (network.empty()) return;
  Datagram& datagram = network[reader.u8() % network.size()];
  if (datagram.bytes.empty()) return;
  const std::size_t at = reader.u16() % datagram.bytes.size();
  datagram.bytes[at] = reader.u8();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto stack = std::move(*Stack::create());
  static Time now{};
  Network network;
  Host a(*stack, network, *Endpoint::parse("192.0.2.1:1000"), IceRole::controlling, now);
  Host b(*stack, network, *Endpoint::parse("192.0.2.2:2000"), IceRole::controlled, now);
  ByteReader reader({data, size});
  std::string offer = a.connection->create_offer(now);
  // Half of the inputs change the offer, the others begin with an open channel.
  const std::size_t at = reader.u16();
  if (at < offer.size()) offer[at] = static_cast<char>(reader.u8());
  const auto answer = b.connection->accept_offer(now, offer);
  if (answer) static_cast<void>(a.connection->accept_answer(now, *answer));
  for (int i = 0; at >= 0x8000 && i < 20; ++i) {
    run(network, a, b, now, 1000);
    now += 10ms;
    for (Host* host : {&a, &b})
      host->transport->handle_timeout(now);
    stack->handle_timeout(now);
  }
  while (!reader.failed() && !reader.rest().empty()) {
    const std::uint8_t what = reader.u8();
    Host& host = (what & 0x80) != 0 ? a : b;
    const Host& other = (what & 0x80) != 0 ? b : a;
    const auto rest = [&] {
      return reader.take(std::min<std::size_t>(reader.u8(), reader.rest().size()));
    };
    switch (what & 7) {
      case 0:
        host.transport->handle_datagram(now, host.endpoint, other.endpoint, rest(), false);
        break;
      case 1:
        tamper(reader, network);
        break;
      case 2:
        now += std::chrono::milliseconds(reader.u8() * 10);
        host.transport->handle_timeout(now);
        stack->handle_timeout(now);
        break;
      case 3:
        host.connection->send(now, rest());
        break;
      case 4:
        host.connection->set_receiving(now, (what & 8) != 0);
        break;
      case 5:
        static_cast<void>(host.connection->renegotiate(now, as_text(rest())));
        break;
      default:
        run(network, a, b, now, reader.u8());
        break;
    }
  }
  return 0;
}
