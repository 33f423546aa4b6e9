#include "gear/osc_announcement.hpp"

#include <unistd.h>

#include <array>
#include <base/address.hpp>
#include <utility>

namespace roomwire::gear {

namespace {

std::string machine_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "roomwire";
  const std::string whole(name.data());
  return whole.substr(0, whole.find('.'));
}

bool is_for_others(const EndUrl& url) {
  if (url.is_multicast() || url.host == "localhost") return false;
  const auto address = IpAddress::parse(url.host);
  return !address || !address->is_loopback();
}

}  // namespace

std::unique_ptr<net::MdnsAnnouncer> announce_osc(net::Loop& loop, Entropy& entropy,
                                                 const std::vector<Announced>& listeners,
                                                 std::function<void(const std::string&)> hint) {
  std::vector<net::MdnsService> services;
  for (const Announced& each : listeners) {
    if (!is_for_others(each.url)) continue;
    const bool tcp = each.url.transport == Transport::tcp;
    services.push_back({tcp ? "_osc._tcp" : "_osc._udp",
                        "roomwire " + each.channel + " (" + machine_name() + ")", each.port});
  }
  if (services.empty()) {
    hint("nothing is announced: --listen names groups, or loopback, which others do not reach");
    return nullptr;
  }
  return std::make_unique<net::MdnsAnnouncer>(
      loop, entropy, services,
      [hint = std::move(hint)](const std::string& from, const std::string& to) {
        hint("somebody else on the network is called " + from + ": this is " + to);
      });
}

}  // namespace roomwire::gear
