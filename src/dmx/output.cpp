#include "dmx/output.hpp"

#include <cmath>

#include "base/number.hpp"

namespace roomwire::dmx {
namespace {

/// "2s", "500ms" or "2" (seconds), with a fraction if wanted.
std::optional<Duration> fade_time(std::string_view text) {
  double scale = 1;
  if (text.ends_with("ms")) {
    scale = 0.001;
    text.remove_suffix(2);
  } else if (text.ends_with('s')) {
    text.remove_suffix(1);
  }
  const auto number = parse_number<double>(text);
  if (!number || !(*number * scale >= 0 && *number * scale <= 3600)) return std::nullopt;
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*number * scale));
}

}  // namespace

Result<OnLeave> OnLeave::parse(std::string_view text) {
  if (text == "hold") return OnLeave{Kind::hold, {}};
  if (text == "blackout") return OnLeave{Kind::blackout, {}};
  if (text.starts_with("fade:")) {
    if (const auto time = fade_time(text.substr(5))) return OnLeave{Kind::fade, *time};
  }
  return failure(ErrorKind::invalid_input,
                 in_quotes(text) +
                     " is neither hold, blackout nor fade:TIME, such as fade:2s, with "
                     "at most an hour");
}

Output::Output(OutputConfig config, PacketSink& sink)
    : config_(std::move(config)),
      sink_(sink),
      merger_(config_.merge),
      pacer_(config_.rate, config_.shared_grid) {}

Refusals Output::update(const SourceId& source, const Update& update, Time now) {
  Refusals refused;
  if (state_ != State::silent && state_ != State::live) return refused;
  Update allowed = update;
  allowed.given &= config_.limits.allowed();
  if (auto cut = config_.limits.refused_part(update)) refused.add(std::move(*cut));
  if (allowed.given.none()) return refused;
  const auto taken = merger_.update(source, allowed, now);
  if (!taken) {
    refused.add(taken.error());
    return refused;
  }
  if (fade_) fade_->slots &= ~merger_.driven();
  if (state_ == State::silent) {
    state_ = State::live;
    frames_left_ = frames_per_change;
    want_frame(now);
  }
  refresh(now);
  return refused;
}

void Output::leave(const SourceId& source, Time now) {
  if (!merger_.leave(source)) return;
  if (state_ == State::live && !merger_.has_sources()) sources_gone(now);
  refresh(now);
}

void Output::finish(Time now) {
  if (state_ != State::live && state_ != State::silent) return;
  if (state_ == State::silent) {
    state_ = State::finished;
    return;
  }
  state_ = State::finishing;
  // Keep what is shown, but let go of who set it, so that it can be faded.
  for (const Merger::SourceView& view : merger_.sources())
    merger_.leave(view.id);
  sources_gone(now);
  refresh(now);
  end_when_done();
}

void Output::sources_gone(Time now) {
  if (config_.on_leave.kind == OnLeave::Kind::hold) return;
  const Slots shown = levels(now);
  if (config_.on_leave.kind == OnLeave::Kind::fade && shown != Slots{}) {
    fade_ = Fade{shown, now, SlotSet().set()};
    frames_left_ = frames_per_change;
    want_frame(now);
  }
  merger_.clear_released();
}

Slots Output::levels(Time now) const {
  Slots levels = merger_.slots();
  if (!fade_) return levels;
  const double passed = std::chrono::duration<double>(now - fade_->start).count();
  const double length = std::chrono::duration<double>(config_.on_leave.fade).count();
  const double left = passed < length ? 1 - passed / length : 0;
  for (std::size_t slot = 0; slot < slot_count; ++slot) {
    if (fade_->slots[slot])
      levels[slot] = static_cast<std::uint8_t>(std::lround(fade_->from[slot] * left));
  }
  return levels;
}

void Output::refresh(Time now) {
  if (state_ != State::live && state_ != State::finishing) return;
  if (config_.limits.applied(levels(now)) == shown_) return;
  frames_left_ = frames_per_change;
  want_frame(now);
}

void Output::want_frame(Time now) {
  if (!frame_due_) frame_due_ = pacer_.ready(now);
}

Deadline Output::next_timeout() const {
  if (state_ == State::finished) return std::nullopt;
  Deadline next = merger_.next_timeout();
  if (frame_due_) return earlier(next, frame_due_);
  return state_ == State::silent ? next : earlier(next, keep_alive_due_);
}

void Output::handle_timeout(Time now) {
  if (!merger_.handle_timeout(now).empty()) {
    if (state_ == State::live && !merger_.has_sources()) sources_gone(now);
    refresh(now);
  }
  if (state_ == State::silent || state_ == State::finished) return;
  if (!frame_due_ && now >= keep_alive_due_) {
    frames_left_ = 1;
    want_frame(now);
  }
  if (frame_due_ && now >= *frame_due_) send_frame(now);
}

void Output::send_frame(Time now) {
  const Slots levels_now = config_.limits.applied(levels(now));
  if (levels_now != shown_) frames_left_ = frames_per_change;
  shown_ = levels_now;
  if (fade_ && now - fade_->start >= config_.on_leave.fade) fade_.reset();
  send_packet();
  pacer_.sent(now);
  keep_alive_due_ = now + keep_alive;
  frames_left_ -= frames_left_ > 0 ? 1 : 0;
  frame_due_ = std::nullopt;
  if (frames_left_ > 0 || fade_) frame_due_ = pacer_.next();
  if (state_ == State::terminating && frames_left_ == 0) state_ = State::finished;
  end_when_done();
}

void Output::end_when_done() {
  if (state_ != State::finishing || frame_due_) return;
  if (std::holds_alternative<ArtNetTarget>(config_.target)) {
    state_ = State::finished;
    return;
  }
  state_ = State::terminating;
  frames_left_ = terminated_packets;
  frame_due_ = pacer_.next();
}

void Output::send_packet() {
  packet_.clear();
  const Frame frame{shown_, config_.slots};
  if (const auto* artnet = std::get_if<ArtNetTarget>(&config_.target)) {
    sequence_ = next_artnet_sequence(sequence_);
    encode(ArtDmx{sequence_, 0, artnet->port_address, frame}, packet_);
  } else {
    const auto& sacn = std::get<SacnTarget>(config_.target);
    SacnData data;
    data.cid = sacn.cid;
    data.source_name = sacn.source_name;
    data.priority = sacn.priority;
    data.sync_address = sacn.sync_address;
    // A rig must not freeze because a sync packet was lost (section 6.2.6).
    data.force_sync = sacn.sync_address != 0;
    data.sequence = sequence_++;
    data.terminated = state_ == State::terminating;
    data.universe = sacn.universe;
    data.frame = frame;
    encode(data, packet_);
  }
  ++packets_sent_;
  sink_.send(packet_);
}

}  // namespace roomwire::dmx
