// Finds a loop that no address shows, such as one through a forwarder: what is sent to OSC here
// comes back at another bridge, which brings it into the room again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <roomwire/ids.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "base/time.hpp"

namespace roomwire::osc {

/// Only takes notes, or calls no function of the LoopWatch but sent().
class LoopWatchPort {
 public:
  virtual ~LoopWatchPort() = default;
  /// Sends a probe to where the room's messages go; its number, by which heard_probe() knows it.
  virtual std::uint64_t send_probe() = 0;
  /// What was held of this bridge goes on, or is left out.
  virtual void release(const PeerId& bridge, bool goes_on) = 0;
  /// A loop was proved. `how`: what was seen, after "what is sent to OSC here".
  virtual void found_loop(const PeerId& bridge, const std::string& how) = 0;
};

/// That a bridge says one thing hundreds of times a second proves nothing: sensors at rest and
/// triggers do. It raises a suspicion. Then a probe is sent, and when some bridge hears it, the
/// loop is proved. A forwarder that rewrites messages, or a device that sends back what it gets,
/// lets no probe through; so what the bridge says is held back for a moment: a loop falls silent,
/// and a sensor goes on. Nothing is left out before the proof. After it all is left out that was
/// sent to OSC here a moment ago.
class LoopWatch {
 public:
  /// So often within a second, and one message is suspicious.
  static constexpr std::size_t suspicious = 200;
  /// How long a probe may take, and how long a bridge is then watched before its messages are held.
  static constexpr Duration probing = 500ms;
  /// So often in that time, or there is nothing more to suspect.
  static constexpr std::size_t still_suspicious = 50;
  /// What is under way when messages are held may come for so long; what comes later is no echo.
  static constexpr Duration in_flight = 200ms;
  /// How long they are held; in a loop, twice.
  static constexpr Duration holding = 350ms;
  static constexpr int silent_holds_of_a_loop = 2;
  /// After a suspicion that came to nothing there is no other for so long.
  static constexpr Duration acquittal = std::chrono::minutes(10);
  /// And for so long after one that showed nothing.
  static constexpr Duration pause = 1s;
  /// A proved loop in which nothing went round for so long was mended.
  static constexpr Duration mended = std::chrono::minutes(1);
  /// What was sent to OSC is an echo for one to two of these.
  static constexpr Duration echo = 1s;
  /// Texts followed at once, of a bridge or as sent; more are not followed.
  static constexpr std::size_t max_texts = 4096;

  enum class Verdict : std::uint8_t { pass, hold, leave_out };

  explicit LoopWatch(LoopWatchPort& port) : port_(port) {}

  /// A message that another bridge brought into the room. After `hold` the caller keeps it until
  /// release().
  Verdict judge(Time now, const PeerId& bridge, std::string_view text);
  /// A message of the room goes to OSC, whoever said it.
  void sent(Time now, std::string_view text);
  /// A bridge says that a probe came to it, from `from` if it could tell.
  void heard_probe(Time now, const PeerId& bridge, std::uint64_t number, const std::string& from);
  /// It has left, or more is held of it than the caller keeps.
  void gone(const PeerId& bridge);
  void cannot_hold(Time now, const PeerId& bridge);

  Deadline next_timeout() const;
  void handle_timeout(Time now);

 private:
  enum class Phase : std::uint8_t { calm, probing, holding, proved };
  struct Watched {
    Phase phase = Phase::calm;
    /// Of the phase; while calm there is no suspicion before.
    Time until{};
    Time window_began{};
    std::unordered_map<std::size_t, std::size_t> counts;
    std::size_t suspect = 0;        ///< The hash of the text.
    std::size_t suspect_count = 0;  ///< Since the phase began.
    int silent_holds = 0;
  };

  bool is_suspicious(Watched& watched, Time now, std::size_t hash);
  void acquit(const PeerId& bridge, Watched& watched, Time until);
  void prove(const PeerId& bridge, Watched& watched, Time now, const std::string& how);
  void end_phase(const PeerId& bridge, Watched& watched, Time now);
  bool was_sent(Time now, std::size_t hash);
  void turn_page(Time now);

  LoopWatchPort& port_;
  std::map<PeerId, Watched> watched_;
  std::uint64_t probe_ = 0;  ///< 0: none was sent.
  std::size_t proved_ = 0;
  Time page_began_{};
  std::unordered_set<std::size_t> sent_;
  std::unordered_set<std::size_t> sent_before_;
};

}  // namespace roomwire::osc
