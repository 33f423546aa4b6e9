// One universe on its way to the lights: who sets it, when frames leave, and what happens when
// nobody is left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <roomwire/payload.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "base/time.hpp"
#include "dmx/artnet.hpp"
#include "dmx/limits.hpp"
#include "dmx/merge.hpp"
#include "dmx/pacer.hpp"
#include "dmx/sacn.hpp"

namespace roomwire::dmx {

struct ArtNetTarget {
  PortAddress port_address;
};

struct SacnTarget {
  SacnUniverse universe;
  Cid cid{};
  std::string source_name;
  std::uint8_t priority = sacn_default_priority;
  std::uint16_t sync_address = 0;
};

using Target = std::variant<ArtNetTarget, SacnTarget>;

/// When the last source of a universe is gone, and at the end.
struct OnLeave {
  enum class Kind { hold, blackout, fade };
  Kind kind = Kind::hold;
  Duration fade{};

  /// hold, blackout, fade:2s, fade:500ms or fade:2 (seconds); a fade is at most an hour.
  static Result<OnLeave> parse(std::string_view text);
};

struct OutputConfig {
  Target target;
  MergeConfig merge;
  OnLeave on_leave;
  Limits limits;
  /// Frames a second at most, 1 to 44.
  unsigned rate = max_frame_rate;
  /// Slots in a frame, 1 to 512. Art-Net sends an even number.
  std::uint16_t slots = slot_count;
  /// With ArtSync or a sync address; see Pacer.
  bool shared_grid = false;
};

/// Where packets go.
class PacketSink {
 public:
  virtual ~PacketSink() = default;
  /// To every destination of this universe. The view lives until this returns; the output must not
  /// be called from here.
  virtual void send(ByteView packet) = 0;
};

/// Sends nothing before the first update, so that starting it darkens no rig. A changed frame
/// leaves when the Pacer lets it, the newest values winning, and twice more, as E1.31 section 6.6.2
/// wants it and as helps Art-Net when a packet is lost; then again every 900 ms, within the 800 to
/// 1000 ms of both protocols. After each call, ask next_timeout() again: a frame that may leave at
/// once leaves in handle_timeout(), so that all messages of a turn are one frame.
class Output {
 public:
  static constexpr Duration keep_alive = 900ms;
  /// Frames that a change is sent in.
  static constexpr unsigned frames_per_change = 3;
  static constexpr unsigned terminated_packets = 3;  // E1.31-2018, section 6.2.6

  /// `sink` must outlive this.
  Output(OutputConfig config, PacketSink& sink);

  /// Gives back what was refused: a source that has no say, channels that are not allowed. Whether
  /// the update is for this universe is the caller's to know.
  Refusals update(const SourceId& source, const Update& update, Time now);
  /// The last one to go sets on_leave off. A fade goes on for the channels that those who come
  /// meanwhile do not set.
  void leave(const SourceId& source, Time now);
  /// The end: on_leave, then for sACN three terminated packets. Updates no longer count.
  void finish(Time now);
  bool finished() const { return state_ == State::finished; }

  Deadline next_timeout() const;
  void handle_timeout(Time now);

  const Merger& merger() const { return merger_; }
  /// What was sent last, after the limits.
  const Slots& shown() const { return shown_; }
  std::uint64_t packets_sent() const { return packets_sent_; }

 private:
  enum class State { silent, live, finishing, terminating, finished };
  struct Fade {
    Slots from;
    Time start;
    SlotSet slots;  ///< Those that still fade.
  };

  void sources_gone(Time now);
  Slots levels(Time now) const;
  /// After what is to be shown may have changed.
  void refresh(Time now);
  void want_frame(Time now);
  void send_frame(Time now);
  void send_packet();
  void end_when_done();

  OutputConfig config_;
  PacketSink& sink_;
  Merger merger_;
  Pacer pacer_;
  State state_ = State::silent;
  std::optional<Fade> fade_;
  Slots shown_{};
  /// Of a frame that is to leave: it changed, is repeated, or fades.
  Deadline frame_due_;
  unsigned frames_left_ = 0;
  Time keep_alive_due_;
  std::uint8_t sequence_ = 0;
  std::uint64_t packets_sent_ = 0;
  Bytes packet_;
};

}  // namespace roomwire::dmx
