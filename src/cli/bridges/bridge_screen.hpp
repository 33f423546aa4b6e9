// What a person sees of a bridge: notes, the lines of --monitor, and something live below them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "cli/io/line_writer.hpp"
#include "cli/screen/loss_report.hpp"

namespace roomwire::cli {

class Session;

/// From the loop's thread. The session outlives it.
class BridgeScreen {
 public:
  /// `monitor`: names the flags for which print() writes to standard output, or is empty. `live`:
  /// start() has an effect.
  BridgeScreen(Session& session, std::string monitor, bool live);

  /// Calls `refresh` now and each half second, with the seconds that have passed since the last
  /// time; it uses show_live().
  void start(std::function<void(double seconds)> refresh);
  bool is_live() const { return live_; }

  void note_change(bool up, const std::string& line);
  void note_dropped(const std::string& line);

  bool wants_lines() const { return writer_.has_value(); }
  /// With its newline. What nobody reads is not worth holding up the show for: it is left out.
  void print(const std::string& line);

  /// Takes the live part away, and prints what is left to print.
  void end(bool cut_short);

 private:
  using Clock = std::chrono::steady_clock;
  LineWriter::Events events();
  void output_failed();
  void refresh();

  Session& session_;
  const std::string monitor_;
  bool live_;
  std::function<void(double)> refresh_;
  Clock::time_point refreshed_at_;
  LossReport losses_;
  std::optional<LineWriter> writer_;  // last: its thread calls us
};

/// "; dropped 3 (denied 1, not OSC 2)", or nothing.
std::string in_words(const std::map<std::string, std::uint64_t>& dropped);
/// "1 peer", "2 peers".
std::string peers_in_words(const Session& session);

}  // namespace roomwire::cli
