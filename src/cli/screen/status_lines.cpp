#include "cli/screen/status_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "cli/screen/text.hpp"
#include "cli/screen/unmet_text.hpp"

namespace roomwire::cli {
namespace {

constexpr std::size_t max_network_lines = 100;
constexpr std::size_t max_peers = 10'000;
constexpr std::size_t max_relays = 1'000;

std::string wait_text(std::chrono::milliseconds wait) {
  const auto seconds = std::chrono::round<std::chrono::seconds>(wait).count();
  return seconds < 1 ? "less than 1 s" : fmt::format("{} s", seconds);
}

// As the flags call them.
std::string relay_name(const std::string& url, RelayUrl::Kind kind) {
  return (kind == RelayUrl::Kind::nostr ? "relay " : "ws-relay ") + printable(url, 100);
}

// So that a reason that ends a sentence does not end it twice.
std::string reason_text(const std::string& reason) {
  std::string out = printable(reason);
  while (out.ends_with('.'))
    out.pop_back();
  return out.empty() ? "no reason given" : out;
}

// What to do about it, where the reason alone does not say.
const char* relay_remedy(const std::string& url, ErrorCode code) {
  switch (code) {
    case ErrorCode::tls_failed:
      return "; if it has no TLS, write ws://";
    case ErrorCode::no_websocket:
      return url.starts_with("ws://") ? "; if it has TLS, write wss://" : "";
    case ErrorCode::http_refused:
      return "; no relay is at this address";
    case ErrorCode::certificate_invalid:
      return "; SSL_CERT_FILE=ca.pem trusts an authority of your own";
    default:
      return "";
  }
}

}  // namespace

const char* where(Path::Kind kind) {
  switch (kind) {
    case Path::Kind::loopback:
      return "this machine";
    case Path::Kind::local:
      return "local network";
    case Path::Kind::reflexive:
      break;
  }
  return "across the internet";
}

StatusLines::StatusLines(Verbosity verbosity, bool relays_named, Print print, Unmet unmet)
    : verbosity_(verbosity),
      relays_named_(relays_named),
      print_(std::move(print)),
      unmet_(std::move(unmet)) {}

void StatusLines::note(Tone tone, const std::string& line) {
  if (verbosity_ != Verbosity::quiet) print_(tone, line);
}

void StatusLines::detail(const std::string& line) {
  if (verbosity_ == Verbosity::verbose) print_(Tone::hint, line);
}

void StatusLines::from_network(const std::string& line) {
  if (verbosity_ == Verbosity::verbose) return print_(Tone::bad, line);
  if (network_lines_ == max_network_lines) {
    note(Tone::hint, "more such lines are shown with -v only");
  }
  if (network_lines_++ < max_network_lines) note(Tone::bad, line);
}

StatusLines::Relay* StatusLines::relay(RelayKey key) {
  if (relays_.size() >= max_relays && !relays_.contains(key)) return nullptr;
  return &relays_[std::move(key)];
}

void StatusLines::joining(const RoomId& room, const PeerId& self) {
  note(Tone::plain, fmt::format("room {}, you are {}; waiting for relays and peers",
                                printable(room.str(), 100), self.str()));
}

void StatusLines::on_status(const Status& status) {
  std::visit([this](const auto& each) { on(each); }, status);
}

void StatusLines::on(const RelayConnected& status) {
  Relay* known = relay({status.url, status.kind});
  const bool again = known == nullptr || std::exchange(known->answers, true);
  if (known != nullptr) {
    known->complained = false;
    known->refusal.clear();
  }
  const bool news = !again && (relays_named_ || std::exchange(first_answer_, false));
  const std::string line = fmt::format("{} answers", relay_name(status.url, status.kind));
  if (news) {
    note(Tone::plain, line);
  } else {
    detail(line);
  }
}

void StatusLines::on(const RelayFailed& status) {
  Relay* known = relay({status.url, status.kind});
  const bool said = known != nullptr && known->complained;
  if (known != nullptr) {
    known->answers = false;
    known->complained = true;
    known->reason = status.reason;
  }
  const std::string line =
      fmt::format("{} {}: {}{}; trying again in {}, and on until it answers",
                  relay_name(status.url, status.kind),
                  status.was_connected ? "is lost" : "does not answer", reason_text(status.reason),
                  relay_remedy(status.url, status.code), wait_text(status.retry_in));
  if (relays_named_ && !said) {
    from_network(line);
  } else {
    detail(line);
  }
}

void StatusLines::on(const RelayNotice& status) {
  detail(fmt::format("{} says: {}", relay_name(status.url, status.kind), printable(status.text)));
}

void StatusLines::on(const PeerHeard& status) {
  detail(fmt::format("heard of {}", printable(status.peer.str())));
}

void StatusLines::on(const RelayRefused& status) {
  const std::string reason = status.reason.empty() ? "" : ": " + reason_text(status.reason);
  const std::string refusal =
      (status.is_silent ? "takes what we send and passes nothing on" : "refuses what we send") +
      reason;
  // Relays begin with a word and a colon (NIP-01); what follows may change each time.
  const std::string sort =
      status.is_silent ? "silent" : "said: " + status.reason.substr(0, status.reason.find(':'));
  Relay* known = relay({status.url, status.kind});
  const bool said = known == nullptr || known->said_refusal == sort;
  if (known != nullptr) known->refusal = refusal;
  const std::string line = fmt::format("{} {}; peers may not be met there",
                                       relay_name(status.url, status.kind), refusal);
  if (!relays_named_ || said) return detail(line);
  known->said_refusal = sort;
  from_network(line);
}

void StatusLines::on(const RelayPasses& status) {
  Relay* known = relay({status.url, status.kind});
  if (known != nullptr) known->refusal.clear();
  const std::string line =
      fmt::format("{} passes on what we send", relay_name(status.url, status.kind));
  const bool complained =
      known != nullptr && !std::exchange(known->said_refusal, std::string()).empty();
  if (complained) {
    note(Tone::plain, line);
  } else {
    detail(line);
  }
}

void StatusLines::on(const PeerConnecting& status) {
  detail(fmt::format("connecting to {}", printable(status.peer.str())));
}

void StatusLines::on(const PeerConnected& status) {
  out_of_reach_.erase(status.peer);
  detail(fmt::format("connected to {}: {} - {} ({})", printable(status.peer.str()),
                     printable(status.path.local), printable(status.path.remote),
                     where(status.path.kind)));
}

void StatusLines::on(const PeerDisconnected& status) {
  const std::string peer = printable(status.peer.str());
  const std::string reason = reason_text(status.reason);
  if (status.was_connected) {
    return detail(fmt::format("connection to {} is gone: {}", peer, reason));
  }
  if (status.was_given_up) {
    return detail(fmt::format("no longer connecting to {}: {}", peer, reason));
  }
  std::string line = fmt::format("cannot reach {}: {}; ", peer, reason);
  for (const UnmetPeer& each : unmet_()) {
    if (each.peer == status.peer) line += tried_text(each.tried, 4) + "; ";
  }
  line += out_of_reach_remedy();
  if (out_of_reach_.size() < max_peers && out_of_reach_.insert(status.peer).second) {
    from_network(line);
  } else {
    detail(line);
  }
}

void StatusLines::on(const PeerDeaf& status) {
  const std::string line = fmt::format("{} announces itself and does not hear us; {}",
                                       printable(status.peer.str()), deaf_remedy());
  if (is_served()) {
    from_network(line);
  } else {
    detail(line);  // The relay is to blame, and was.
  }
}

void StatusLines::on(const WrongPassword& status) {
  const std::string line =
      fmt::format("kept out: {} has another password for this room", printable(status.peer.str()));
  if (kept_out_.size() < max_peers && kept_out_.insert(status.peer).second) {
    from_network(line);
  } else {
    detail(line);
  }
}

// An error: with -q too it is said what a failing exit code is about.
void StatusLines::on(const Undelivered& status) {
  const std::string line = fmt::format(
      "not delivered: {} was not seen to take all; the last messages may not have arrived",
      printable(status.peer.str()));
  const bool first = !std::exchange(said_undelivered_, true);
  if (verbosity_ != Verbosity::quiet) {
    from_network(line);
  } else if (first) {
    print_(Tone::bad, line);
  }
}

void StatusLines::on(const Dropped& status) {
  std::string line = "dropped";
  if (status.again) line += fmt::format(" {} more", status.times);
  if (status.reason.empty()) {
    line += ", of other kinds";
  } else {
    line += fmt::format(", from {}: {}", printable(status.source, 100), reason_text(status.reason));
  }
  const bool from_relay = status.source.find("://") != std::string::npos;
  if (from_relay) {
    detail(line);
  } else {
    note(Tone::bad, line);
  }
}

void StatusLines::peer_joined(const PeerId& peer, const std::optional<Path>& path) {
  const std::string over =
      path ? fmt::format(", at {} ({})", printable(path->remote), where(path->kind)) : "";
  note(Tone::good, fmt::format("joined: {}{}", printable(peer.str()), over));
}

void StatusLines::peer_left(const PeerId& peer, const std::string& reason) {
  note(Tone::plain, fmt::format("left: {} ({})", printable(peer.str()), reason_text(reason)));
}

std::string StatusLines::relay_count() const {
  const auto count = [this](auto fits) {
    return std::count_if(relays_.begin(), relays_.end(),
                         [fits](const auto& each) { return fits(each.second); });
  };
  const auto answering = count([](const Relay& each) { return each.answers; });
  const auto useless = count([](const Relay& each) { return each.answers && !each.serves(); });
  std::string out = fmt::format("{} of {} {}", answering, relays_.size(),
                                relays_.size() == 1 ? "relay answers" : "relays answer");
  if (useless > 0) out += fmt::format(", {} without serving us", useless);
  return out;
}

std::string StatusLines::nobody_answers() const {
  std::string why = "no answer from any relay";
  for (const auto& [key, relay] : relays_) {
    if (relay.reason.empty()) continue;
    why = fmt::format("{}, {}: {}", relay_count(), printable(key.first, 100),
                      reason_text(relay.reason));
    break;
  }
  return fmt::format("still waiting for a relay ({}); {}", why,
                     relays_named_ ? "is its address right, and does it run?"
                                   : "is this machine online, and does a firewall allow wss?");
}

bool StatusLines::is_served() const {
  return std::any_of(relays_.begin(), relays_.end(),
                     [](const auto& each) { return each.second.serves(); });
}

// Every relay that answers refuses us, and says why.
std::string StatusLines::nobody_hears_us() const {
  const auto first = std::find_if(relays_.begin(), relays_.end(),
                                  [](const auto& each) { return each.second.answers; });
  const auto& [url, kind] = first->first;
  return fmt::format(
      "still waiting: perhaps nobody hears us ({}): {} {}; {}", relay_count(),
      relay_name(url, kind), first->second.refusal,
      relays_named_ ? "name another relay, to all" : "name a relay, to all: --relay");
}

std::string StatusLines::may_be_wrong() const {
  if (!kept_out_.empty()) {
    return fmt::format("kept out for another password: {} (see --password)", kept_out_.size());
  }
  return "do they use the same room, app id, password and relays?";
}

void StatusLines::waiting(std::size_t peers, std::size_t wanted) {
  const std::vector<UnmetPeer> unmet = unmet_();
  const bool answered = std::any_of(relays_.begin(), relays_.end(),
                                    [](const auto& each) { return each.second.answers; });
  const bool is_heard = peers > 0 || std::any_of(unmet.begin(), unmet.end(),
                                                 [](const auto& each) { return each.answers; });
  if (!answered && !is_heard && unmet.empty()) return note(Tone::hint, nobody_answers());
  if (answered && !is_heard && !is_served()) return note(Tone::hint, nobody_hears_us());
  std::string line = "still waiting: ";
  if (wanted > 1) {
    line += fmt::format("{} of {} peers are here", peers, wanted);
  } else if (unmet.empty() && kept_out_.empty()) {
    line += "nobody else is in the room";
  } else {
    line += "nobody is met";
  }
  line += fmt::format(" ({}); ", relay_count());
  note(Tone::hint, line + (unmet.empty() ? may_be_wrong() : unmet_text(unmet)));
}

void StatusLines::not_waiting_for(const std::vector<PeerId>& peers) {
  if (peers.empty()) return;
  constexpr std::size_t max_named = 3;
  std::string names;
  for (std::size_t i = 0; i < std::min(peers.size(), max_named); ++i)
    names += (i > 0 ? ", " : "") + printable(peers[i].str());
  if (peers.size() > max_named) names += fmt::format(" and {} more", peers.size() - max_named);
  note(Tone::bad, fmt::format("not waiting for {}: heard, and not reached so far", names));
}

void StatusLines::ended(const Stats& stats) {
  detail(fmt::format("{} messages ({} bytes) sent, {} ({} bytes) received, {} dropped",
                     stats.messages_sent, stats.bytes_sent, stats.messages_received,
                     stats.bytes_received, stats.dropped + stats.signals_dropped));
}

}  // namespace roomwire::cli
