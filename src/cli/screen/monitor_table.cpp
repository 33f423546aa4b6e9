#include "cli/screen/monitor_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/io/output_format.hpp"
#include "cli/screen/status_lines.hpp"
#include "cli/screen/text.hpp"

namespace roomwire::cli {
namespace {

constexpr std::size_t max_shown = 200;  // bytes of a value
constexpr std::size_t max_name = 32;

std::string shown(const Payload& payload) {
  const auto* bytes = std::get_if<Bytes>(&payload);
  if (bytes != nullptr) return fmt::format("{} bytes", bytes->size());
  std::string value;
  append_value(value, payload, false);
  return printable(value, max_shown);
}

std::string age_text(std::chrono::steady_clock::duration age) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
  if (seconds < 100) return fmt::format("{} s", seconds);
  if (seconds < 6000) return fmt::format("{} min", seconds / 60);
  return fmt::format("{} h", seconds / 3600);
}

std::string count_text(std::size_t count, const char* one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

// Cuts a list to what there is room for.
void append_lines(std::string& out, const std::vector<std::string>& lines, std::size_t most) {
  const std::size_t shown = lines.size() <= most ? lines.size() : most - 1;
  for (std::size_t i = 0; i < shown; ++i)
    out.append("\n").append(lines[i]);
  if (shown < lines.size()) out += fmt::format("\n... and {} more", lines.size() - shown);
}

}  // namespace

void MonitorTable::take(Time now, const std::string& channel, const Message& message) {
  ++all_.count;
  const bool is_known = channels_.contains(channel) || channels_.size() < max_channels;
  Channel& entry = is_known ? channels_[channel] : others_;
  ++entry.messages.count;
  entry.from = message.from;
  entry.value = shown(message.payload);
  entry.last = now;
}

void MonitorTable::joined(const PeerId& peer, std::optional<Path> path) {
  peers_[peer] = {std::move(path), std::nullopt, false};
}

void MonitorTable::left(const PeerId& peer) {
  peers_.erase(peer);
}

void MonitorTable::measured(const PeerId& peer,
                            std::optional<std::chrono::microseconds> round_trip) {
  const auto entry = peers_.find(peer);
  if (entry == peers_.end()) return;
  entry->second.is_silent = !round_trip;
  if (round_trip) entry->second.round_trip = round_trip;
}

void MonitorTable::Counter::tick(double seconds) {
  rate = seconds > 0 ? static_cast<double>(count - before[1]) / seconds : 0;
  before = {count, before[0]};
}

void MonitorTable::tick(Time now) {
  const double seconds = std::chrono::duration<double>(now - ticks_[1]).count();
  for (auto& [name, channel] : channels_)
    channel.messages.tick(seconds);
  others_.messages.tick(seconds);
  all_.tick(seconds);
  ticks_ = {now, ticks_[0]};
}

std::vector<std::string> MonitorTable::channel_lines(Time now) const {
  const auto line = [now](const std::string& name, const Channel& channel) {
    return fmt::format("{:<16} {:>9} {:>7.0f}  {:<8} {:>6}  {}", name, channel.messages.count,
                       channel.messages.rate, printable(channel.from.str().substr(0, 8)),
                       age_text(now - channel.last), channel.value);
  };
  std::vector<std::string> lines;
  for (const auto& [name, channel] : channels_)
    lines.push_back(line(printable(name, max_name), channel));
  if (others_.messages.count > 0) lines.push_back(line("(others)", others_));
  return lines;
}

std::vector<std::string> MonitorTable::peer_lines() const {
  std::vector<std::string> lines;
  for (const auto& [id, peer] : peers_) {
    const std::string time =
        peer.is_silent ? "no answer"
        : peer.round_trip
            ? fmt::format("{:.1f} ms", static_cast<double>(peer.round_trip->count()) / 1000)
            : "";
    lines.push_back(fmt::format(
        "{:<20} {:>10}  {}", printable(id.str(), max_name), time,
        peer.path ? fmt::format("{} ({})", printable(peer.path->remote), where(peer.path->kind))
                  : ""));
  }
  return lines;
}

std::string MonitorTable::text(Time now, std::size_t lines) const {
  std::string out = fmt::format(
      "room {}: {}, {}, {} ({:.0f}/s)", printable(room_, 100), count_text(peers_.size(), "peer"),
      count_text(channels_.size(), "channel"), count_text(all_.count, "message"), all_.rate);
  // Peers get what they need, up to half of it.
  lines = std::max<std::size_t>(lines, 6);
  const std::size_t half = (lines - 2) / 2;
  const auto peers = peer_lines();
  const auto channels = channel_lines(now);
  if (!peers.empty()) {
    out += fmt::format("\n{:<20} {:>10}  {}", "PEER", "ROUND TRIP", "REACHED AT");
    append_lines(out, peers, std::max<std::size_t>(half - 1, 1));
  }
  if (!channels.empty()) {
    const auto used = static_cast<std::size_t>(std::count(out.begin(), out.end(), '\n')) + 1;
    out += fmt::format("\n{:<16} {:>9} {:>7}  {:<8} {:>6}  {}", "CHANNEL", "MESSAGES", "PER S",
                       "FROM", "AGO", "LAST VALUE");
    append_lines(out, channels, lines - used - 1);
  }
  return out;
}

}  // namespace roomwire::cli
