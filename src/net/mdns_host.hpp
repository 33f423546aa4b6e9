// A host that announces services by multicast DNS (RFC 6762, RFC 6763), without a socket.
#pragma once

#include <base/address.hpp>
#include <base/entropy.hpp>
#include <base/time.hpp>
#include <cstdint>
#include <optional>
#include <roomwire/payload.hpp>
#include <string>
#include <vector>

#include "net/mdns_message.hpp"

namespace roomwire::net {

struct MdnsService {
  std::string type;      ///< `_osc._udp`
  std::string instance;  ///< For people. What a label cannot hold is replaced, or cut.
  std::uint16_t port = 0;
};

class MdnsHostPort {
 public:
  virtual ~MdnsHostPort() = default;
  /// To the group, or to who asked.
  virtual void send(std::size_t route, ByteView packet, const std::optional<Endpoint>& to) = 0;
  /// Somebody else on the network has the name.
  virtual void renamed(const std::string& from, const std::string& to) = 0;
};

/// Claims its names, tells of its services, answers who asks, and gives way when somebody has a
/// name already. The host has a random name of its own, so that it is no rival of the machine's
/// responder (Avahi), whose addresses may be others.
class MdnsHost {
 public:
  static constexpr std::size_t max_services = 16;
  static constexpr std::uint16_t port = 5353;

  /// Both outlive this. Further services than max_services are left out.
  MdnsHost(MdnsHostPort& out, Entropy& entropy, const std::vector<MdnsService>& services);

  /// What is told on each route. Claims the names anew.
  void set_routes(Time now, std::vector<std::vector<IpAddress>> addresses);
  void handle(Time now, std::size_t route, const Endpoint& from, ByteView packet);
  Deadline next_timeout() const;
  void handle_timeout(Time now);
  /// Takes everything back.
  void say_goodbye();

 private:
  struct Service {
    std::string type;      ///< With .local.
    std::string label;     ///< The instance as it is wished for,
    std::string instance;  ///< and as it is, with its type.
    std::uint16_t port;
    unsigned number = 1;
  };
  /// Of records, as bits: the addresses, the list of types, and of each service what points to it,
  /// and what it is.
  using Records = std::uint64_t;
  static constexpr Records host_records = 1;
  static constexpr Records type_records = 2;
  static Records pointer_of(std::size_t service) { return Records{4} << 2 * service; }
  static Records rest_of(std::size_t service) { return Records{8} << 2 * service; }
  Records all_records() const;

  struct Route {
    std::vector<IpAddress> addresses;
    Records wanted = 0;
    Deadline due;
    Deadline sent;  ///< The last response to the group.
  };

  void name_host();
  void claim(Time now, Duration wait);
  void name(Service& service) const;
  void probe();
  void answer(Time now, std::size_t index, const Endpoint& from, const MdnsMessage& query);
  Records wanted_by(const MdnsMessage& query) const;
  void look_for_rivals(Time now, const MdnsMessage& message);
  bool is_own_address(const MdnsRecord& record) const;
  MdnsMessage response(const Route& route, Records records) const;
  void send(std::size_t route, const MdnsMessage& message, const std::optional<Endpoint>& to = {});

  std::vector<MdnsRecord> address_records(const Route& route) const;
  MdnsRecord pointer(const Service& service) const;
  MdnsRecord location(const Service& service) const;
  MdnsRecord text(const Service& service) const;

  MdnsHostPort& out_;
  Entropy& entropy_;
  std::string host_;
  std::vector<Service> services_;
  std::vector<Route> routes_;
  unsigned probes_left_ = 0;
  unsigned announcements_left_ = 0;
  Deadline step_;
  unsigned rivals_ = 0;
};

}  // namespace roomwire::net
