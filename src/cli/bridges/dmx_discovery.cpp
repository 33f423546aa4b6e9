#include "cli/bridges/dmx_discovery.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "bridges/dmx/dmx_discovery.hpp"
#include "cli/screen/standard_error.hpp"
#include "cli/screen/text.hpp"
#include "cli/session/signal_watcher.hpp"

namespace roomwire::cli {
namespace {

using namespace std::chrono_literals;

// Sources of sACN say what they send every ten seconds.
constexpr auto default_limit = 11s;

// Ports that are not in use are often all set to the same universe.
template <class Universe, class Text>
std::string listed(std::vector<Universe> universes, Text text) {
  std::sort(universes.begin(), universes.end());
  universes.erase(std::unique(universes.begin(), universes.end()), universes.end());
  std::string out;
  for (const auto& universe : universes)
    out += (out.empty() ? "" : ", ") + text(universe);
  return out;
}

class Findings final : public bridges::DmxDiscoveryObserver {
 public:
  void on_node(const dmx::Node& node) override {
    const auto& ip = node.reply.ip;
    const std::string address = fmt::format("{}.{}.{}.{}", ip[0], ip[1], ip[2], ip[3]);
    nodes_.insert(address);
    std::string line = fmt::format("Art-Net {}  {}", address, name_of(node.reply));
    const auto text = [](dmx::PortAddress each) { return each.to_string(); };
    if (!node.outputs.empty()) line += "; takes " + listed(node.outputs, text);
    if (!node.inputs.empty()) line += "; sends " + listed(node.inputs, text);
    print(line);
  }

  void on_source(const std::string& address, const dmx::SacnDiscovery& page) override {
    sources_.insert(page.cid);
    print(fmt::format(
        "sACN {}  {}; sends {}", address, printable(page.source_name, 64),
        listed(page.universes, [](dmx::SacnUniverse each) { return each.to_string(); })));
  }

  void on_quiet_source(const std::string& address, const std::string& name,
                       const std::vector<dmx::SacnUniverse>& universes) override {
    ++quiet_sources_;
    print(fmt::format("sACN {}  {}; sends {}, without announcing it", address, printable(name, 64),
                      listed(universes, [](dmx::SacnUniverse each) { return each.to_string(); })));
  }

  std::size_t nodes() const { return nodes_.size(); }
  std::size_t sources() const { return sources_.size() + quiet_sources_; }

 private:
  static std::string name_of(const dmx::ArtPollReply& reply) {
    std::string name = printable(reply.short_name, 18);
    std::string more = printable(reply.long_name, 64);
    if (more.empty() || more == name) return name;
    return name.empty() ? more : fmt::format("{} ({})", name, more);
  }

  static void print(const std::string& line) {
    std::puts(line.c_str());
    (void)std::fflush(stdout);
  }

  std::set<std::string> nodes_;
  std::set<dmx::Cid> sources_;
  std::size_t quiet_sources_ = 0;
};

std::string in_words(const std::vector<IpAddress>& networks) {
  std::string words;
  for (const IpAddress& network : networks)
    words += (words.empty() ? "" : ", ") + network.to_string();
  return words;
}

void say_outcome(const Findings& findings, const bridges::DmxDiscovery& discovery) {
  if (findings.sources() == 0) {
    say(Tone::plain,
        fmt::format("no sACN source said what it sends, which OLA and QLC+ never do, and none was "
                    "heard in universes 1 to {}",
                    bridges::DmxDiscovery::universes_heard));
  }
  if (findings.nodes() + findings.sources() > 0) {
    say(Tone::plain,
        fmt::format("Art-Net nodes {}, sACN sources {}", findings.nodes(), findings.sources()));
    return;
  }
  const std::string asked =
      discovery.networks().empty()
          ? "this machine is in no network"
          : "asked " + in_words(discovery.networks()) + "; nodes must be in one of these networks";
  complain("nobody answered: " + asked +
           ". Many nodes never answer: if you know the address of one, try "
           "--to artnet://ADDRESS/0.0.0");
}

}  // namespace

int discover_dmx(const ConnectionOptions& connection) {
  net::Loop loop;
  std::atomic<int> signalled{0};
  const SignalWatcher signals([&](int signal) {
    if (signalled.exchange(signal) != 0) _exit(exit_signal_base + signal);
    loop.stop();
  });
  Findings findings;
  bridges::DmxDiscovery discovery(loop, findings);
  const bool quiet = connection.verbosity == Verbosity::quiet;
  const auto limit = connection.time_limit.value_or(default_limit);
  for (const std::string& line : discovery.start()) {
    if (!quiet) say(Tone::bad, line);
  }
  if (!quiet) {
    say(Tone::plain, fmt::format("looking for Art-Net nodes and sACN sources for {} s",
                                 std::chrono::duration<double>(limit).count()));
  }
  net::Timer end(loop, [&] { loop.stop(); });
  end.set(loop.now() + limit);
  loop.run();
  discovery.finish();
  if (!quiet) say_outcome(findings, discovery);
  if (signalled != 0) return exit_signal_base + signalled;
  return findings.nodes() + findings.sources() > 0 ? exit_fine : exit_failed;
}

}  // namespace roomwire::cli
