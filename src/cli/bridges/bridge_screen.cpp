#include "cli/bridges/bridge_screen.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "cli/screen/standard_error.hpp"
#include "cli/screen/text.hpp"
#include "cli/session/session.hpp"

namespace roomwire::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto live_interval = 500ms;
constexpr auto last_lines_limit = 1s;

}  // namespace

BridgeScreen::BridgeScreen(Session& session, std::string monitor, bool live)
    : session_(session),
      monitor_(std::move(monitor)),
      live_(live),
      losses_(session, [this](const std::string& line) { note_dropped(line); }) {
  if (!monitor_.empty()) writer_.emplace(STDOUT_FILENO, LineWriter::Patience{}, events());
}

LineWriter::Events BridgeScreen::events() {
  LineWriter::Events events;
  events.on_failure = [this] { session_.context().post([this] { output_failed(); }); };
  return events;
}

// Whoever read the lines may go, as head(1) does, and ends the bridge. A full disk does not.
void BridgeScreen::output_failed() {
  if (!writer_) return;
  const int error = writer_->finish(last_lines_limit);
  if (error == EPIPE) return session_.finish(exit_fine, last_lines_limit);
  writer_.reset();
  complain("cannot write the output: " + std::generic_category().message(error) +
           "; the bridge goes on without " + monitor_);
}

void BridgeScreen::start(std::function<void(double seconds)> refresh) {
  if (!live_) return;
  refresh_ = std::move(refresh);
  refreshed_at_ = Clock::now();
  this->refresh();
}

void BridgeScreen::refresh() {
  const auto now = Clock::now();
  refresh_(std::chrono::duration<double>(now - std::exchange(refreshed_at_, now)).count());
  session_.context().post_after(live_interval, [this] {
    if (live_) this->refresh();
  });
}

void BridgeScreen::note_change(bool up, const std::string& line) {
  session_.status().note(up ? Tone::good : Tone::bad, printable(line));
}

void BridgeScreen::note_dropped(const std::string& line) {
  session_.status().note(Tone::bad, printable(line));
}

void BridgeScreen::print(const std::string& line) {
  if (writer_->append(line) == LineWriter::Taken::no) losses_.left_out_line();
}

void BridgeScreen::end(bool cut_short) {
  live_ = false;
  show_live("");
  if (writer_) {
    writer_->finish(cut_short ? std::optional<std::chrono::milliseconds>(last_lines_limit)
                              : std::nullopt);
    losses_.end();
  }
}

std::string in_words(const std::map<std::string, std::uint64_t>& dropped) {
  std::uint64_t total = 0;
  std::string kinds;
  for (const auto& [kind, count] : dropped) {
    total += count;
    kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", kind, count);
  }
  return total == 0 ? "" : fmt::format("; dropped {} ({})", total, kinds);
}

std::string peers_in_words(const Session& session) {
  return fmt::format("{} peer{}", session.peers(), session.peers() == 1 ? "" : "s");
}

}  // namespace roomwire::cli
