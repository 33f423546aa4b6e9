#include "cli/session/session.hpp"

#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <utility>
#include <variant>

#include "cli/screen/standard_error.hpp"
#include "cli/screen/text.hpp"
#include "cli/session/room_link.hpp"
#include "cli/session/room_store.hpp"

namespace roomwire::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto first_hint = 10s;
constexpr std::chrono::seconds longest_hint = 10min;
constexpr auto hurried_drain = 1s;
// As long as Room::leave gives its farewell to get out.
constexpr auto farewell = 100ms;

void print(Tone tone, const std::string& line) {
  say(tone, line);
}

// The library does not know the flags that its options came from.
Error in_words_of_flags(Error error) {
  using Words = std::pair<std::string_view, std::string_view>;
  for (const auto& [option, flag] :
       {Words{"relay_set", "--relay-set"}, Words{"ice_port", "--ice-port"},
        Words{"ice_interfaces", "--ice-interface"}, Words{"ice_servers", "--ice-server"},
        Words{"max_message_bytes", "--max-message"}, Words{"password", "--password"},
        Words{"app", "--app-id"}, Words{"room", "--room"}}) {
    if (error.option == option) {
      error.option = flag;
      return error;
    }
  }
  return error;
}

}  // namespace

Session::Session(ConnectionOptions options, std::optional<std::size_t> peers_wanted)
    : options_(std::move(options)),
      peers_wanted_(peers_wanted.value_or(1)),
      status_(options_.verbosity, !options_.context.relays.empty(), print,
              [this] { return room_ ? room_->unmet_peers() : std::vector<UnmetPeer>(); }),
      waits_for_settling_(!peers_wanted) {
  if (waits_for_settling_) settling_.emplace();
}

Session::~Session() {
  signals_.reset();  // its thread posts to the context
}

Result<std::unique_ptr<Session>> Session::create(ConnectionOptions options,
                                                 std::optional<std::size_t> peers_wanted) {
  std::unique_ptr<Session> session(new Session(std::move(options), peers_wanted));
  if (auto joined = session->join(); !joined) return tl::unexpected(joined.error());
  return session;
}

Result<void> Session::join() {
  signals_ = std::make_unique<SignalWatcher>([this](int signal) { on_signal(signal); });
  auto context = Context::create(options_.context);
  if (!context) return tl::unexpected(in_words_of_flags(context.error()));
  context_ = *std::move(context);
  context_->on_status([this](const Status& status) { on_status(status); });

  room_is_chosen_ = options_.room.room.empty();
  if (room_is_chosen_) {
    RecalledRoom recalled = RoomStore::of_user().recall();
    if (recalled.problem) complain(*recalled.problem);
    room_is_new_ = recalled.is_new;
    options_.room.room = std::move(recalled.room);
  }
  auto room = context_->join(options_.room);
  if (!room) return tl::unexpected(room.error());
  room_ = *std::move(room);
  room_->on_peer_join([this](const PeerId& peer) { peer_joined(peer); });
  room_->on_peer_leave(
      [this](const PeerId& peer, const std::string& reason) { peer_left(peer, reason); });
  return {};
}

// The link of a new room is said with -q too: without it nobody else could come.
void Session::say_room() {
  if (room_is_chosen_) {
    const bool of_patchies = options_.room.app == RoomOptions().app;
    const std::string where =
        of_patchies ? room_link(patchies_page, room_->id()) : printable(room_->id().str());
    if (room_is_new_) {
      say(Tone::good, "new room: " + where);
    } else {
      status_.note(Tone::good, "your room: " + where);
    }
  }
  status_.joining(room_->id(), context_->self_id());
}

int Session::run() {
  running_ = true;
  started_ = std::chrono::steady_clock::now();
  say_room();
  if (options_.time_limit) {
    context_->post_after(*options_.time_limit, [this] {
      if (finishing() && cut_short_) return;
      if (!ready_ && !finishing()) status_.waiting(peers_, peers_wanted_);
      status_.note(Tone::bad, "the time limit (-W) is over");
      end_early(exit_timed_out);
    });
  }
  next_hint_ = first_hint;
  hint_later();
  context_->run();
  running_ = false;
  status_.ended(context_->stats());
  return undelivered_ && exit_code_ == exit_fine ? exit_failed : exit_code_;
}

std::optional<std::chrono::milliseconds> Session::time_left() const {
  if (!options_.time_limit) return std::nullopt;
  const auto left = *options_.time_limit - (std::chrono::steady_clock::now() - started_);
  return std::max(0ms, std::chrono::duration_cast<std::chrono::milliseconds>(left));
}

void Session::finish(int exit_code, std::chrono::milliseconds drain) {
  if (finishing()) return;
  stage_ = Stage::finishing;
  exit_code_ = exit_code;
  if (!before_leaving_) return leave(drain);
  before_leaving_([this, drain] { leave(drain); });
}

void Session::leave(std::chrono::milliseconds drain) {
  if (stage_ >= Stage::leaving) return;
  stage_ = Stage::leaving;
  room_->leave([this] { context_->stop(); }, drain);
}

void Session::end_early(int exit_code) {
  cut_short_ = true;
  if (!finishing()) return finish(exit_code, hurried_drain);
  exit_code_ = exit_code;
  if (stage_ == Stage::hurrying) return;
  stage_ = Stage::hurrying;
  room_->leave({}, 0ms);
  context_->post_after(farewell, [this] { context_->stop(); });
}

void Session::on_signal(int signal) {
  const int exit_code = exit_signal_base + signal;
  if (!running_ || signalled_.exchange(true)) _exit(exit_code);
  context_->post([this, exit_code] { end_early(exit_code); });
}

void Session::peer_joined(const PeerId& peer) {
  ++peers_;
  status_.peer_joined(peer, room_->path(peer));
  if (on_peer_change_) on_peer_change_(peer, true);
  if (settling_) {
    settling_->met(std::chrono::steady_clock::now());
    look_whether_settled();
  } else if (peers_ >= peers_wanted_) {
    set_ready(true);
  }
}

void Session::on_status(const Status& status) {
  if (std::holds_alternative<Undelivered>(status)) undelivered_ = true;
  status_.on_status(status);
  if (!settling_) return;
  if (std::holds_alternative<PeerHeard>(status) || std::holds_alternative<PeerConnected>(status)) {
    settling_->stirred(std::chrono::steady_clock::now());
  }
  look_whether_settled();
}

// Whatever happens may bring the time forward, so each look sets its own timer, and the last
// counts.
void Session::look_whether_settled() {
  if (!settling_ || peers_ == 0 || finishing()) return;
  const auto unmet = room_->unmet_peers();
  const auto at = settling_->settled_at(unmet);
  if (!at) return;
  const auto wait =
      std::chrono::ceil<std::chrono::milliseconds>(*at - std::chrono::steady_clock::now());
  if (wait.count() > 0) {
    return context_->post_after(wait, [this, look = ++look_number_] {
      if (look == look_number_) look_whether_settled();
    });
  }
  status_.not_waiting_for(awaited(unmet));
  settling_.reset();
  set_ready(true);
}

void Session::peer_left(const PeerId& peer, const std::string& reason) {
  assert(peers_ > 0);
  --peers_;
  status_.peer_left(peer, reason);
  if (on_peer_change_) on_peer_change_(peer, false);
  if (peers_ == 0) set_ready(false);
  if (peers_ == 0 && settling_) settling_->alone();
}

void Session::set_ready(bool ready) {
  if (ready_ == ready) return;
  ready_ = ready;
  ++wait_number_;
  next_hint_ = first_hint;
  if (!ready && waits_for_settling_) settling_.emplace();
  if (!ready && !finishing()) hint_later();
  if (on_ready_change_) on_ready_change_(ready);
}

// Rarer and rarer, so that the log of a receiver that waits for days stays short.
void Session::hint_later() {
  context_->post_after(next_hint_, [this, wait = wait_number_] {
    if (wait != wait_number_ || ready_ || finishing()) return;
    status_.waiting(peers_, peers_wanted_);
    next_hint_ = std::min(2 * next_hint_, longest_hint);
    hint_later();
  });
}

}  // namespace roomwire::cli
