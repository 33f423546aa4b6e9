#include "bridges/osc/osc_announcement.hpp"

#include <unistd.h>

#include <array>
#include <base/address.hpp>
#include <map>
#include <set>
#include <utility>

namespace roomwire::bridges {

namespace {

std::string machine_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "roomwire";
  const std::string whole(name.data());
  return whole.substr(0, whole.find('.'));
}

bool is_for_others(const sockets::SocketUrl& url) {
  if (url.is_multicast() || url.host == "localhost") return false;
  const auto address = IpAddress::parse(url.host);
  return !address || !address->is_loopback();
}

/// Otherwise two of them, which do not know each other, would take each other for somebody else.
std::string name_of(const Announced& listener, std::set<std::pair<std::string, std::string>>& taken,
                    const std::string& type) {
  const std::string name = "roomwire " + listener.channel + " (" + machine_name() + ")";
  std::string numbered = name;
  for (int number = 2; !taken.emplace(type, numbered).second; ++number)
    numbered = name + " (" + std::to_string(number) + ")";
  return numbered;
}

}  // namespace

std::vector<std::unique_ptr<net::MdnsAnnouncer>> announce_osc(
    net::Loop& loop, Entropy& entropy, const std::vector<Announced>& listeners,
    const std::function<void(const std::string&)>& hint) {
  // By the address that they listen on: a host in the sense of multicast DNS has its addresses, and
  // all its services are at each.
  std::map<std::string, std::vector<net::MdnsService>> services;
  std::set<std::pair<std::string, std::string>> taken;
  for (const Announced& each : listeners) {
    if (!is_for_others(each.url)) continue;
    const std::string type =
        each.url.transport == sockets::Transport::tcp ? "_osc._tcp" : "_osc._udp";
    services[each.url.host].push_back({type, name_of(each, taken, type), each.port});
  }
  if (services.empty())
    hint("nothing is announced: --listen names groups, or loopback, which others do not reach");
  const auto renamed = [hint](const std::string& from, const std::string& to) {
    hint("somebody else on the network is called " + from + ": this is " + to);
  };
  std::vector<std::unique_ptr<net::MdnsAnnouncer>> announcers;
  announcers.reserve(services.size());
  for (const auto& [host, of_host] : services) {
    announcers.push_back(std::make_unique<net::MdnsAnnouncer>(loop, entropy, of_host,
                                                              IpAddress::parse(host), renamed));
  }
  return announcers;
}

}  // namespace roomwire::bridges
