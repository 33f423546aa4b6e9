#include "signal/relay_pool.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/rate_limit.hpp"
#include "signal/relay_strategy.hpp"
#include "signal/relay_text.hpp"

namespace roomwire::signal {
namespace {

constexpr Duration connect_timeout = 15s;
constexpr Duration first_wait = 1s;
constexpr Duration longest_wait = 60s;
/// A connection that lasted this long starts the waits anew.
constexpr Duration stable_after = 30s;
/// For an announcement of ours to come back.
constexpr Duration echo_timeout = 8s;
/// What a relay may say to people: beyond this it is not said.
constexpr double notice_burst = 5;
constexpr double notices_per_second = 0.1;

}  // namespace

class RelayPool::Impl {
 public:
  Impl(std::vector<RelayUrl> relays, WallClock& date, Entropy& entropy)
      : urls_(std::move(relays)), entropy_(entropy), key_(NostrKey::draw(entropy)) {
    const RelayTools tools{key_, date, entropy_};
    for (const RelayUrl& url : urls_) {
      Relay& relay = relays_.emplace_back();
      relay.id = static_cast<RelayId>(relays_.size() - 1);
      relay.protocol = relay_strategy(url.kind()).make_protocol(tools);
      relay.is_guess = url.is_guess();
    }
  }

  const std::vector<RelayUrl>& urls() const { return urls_; }
  bool is_ready(RelayId id) const;
  void start(Time now);
  void stop();
  void subscribe(Time now, const Topic& topic);
  void unsubscribe(Time now, const Topic& topic);
  bool publish(Time now, RelayId id, const Topic& topic, const std::string& payload);
  void opened(Time now, RelayId id);
  void message(Time now, RelayId id, ByteView frame, bool is_text);
  void closed(Time now, RelayId id, const Error& why, bool reached);
  Deadline next_timeout() const;
  void handle_timeout(Time now);
  std::vector<Output> take_outputs() { return std::exchange(outputs_, {}); }

 private:
  enum class State { idle, connecting, ready, waiting, given_up };

  struct Relay {
    RelayId id{};
    std::unique_ptr<RelayProtocol> protocol;
    bool is_guess = false;  ///< And has not shown that it is a relay.
    State state = State::idle;
    Deadline timer;   ///< Connecting: when to give up. Waiting: when to try again.
    Duration wait{};  ///< The last one, before its jitter.
    Time opened_at{};
    Deadline echo_due;        ///< Of our announcement.
    std::string last_notice;  ///< On this connection.
    std::optional<std::string> refusal;
    bool is_silent = false;  ///< The refusal.
    RateLimit notices{notice_burst, notices_per_second};
  };

  /// Null when there is no such relay.
  Relay* find(RelayId id) {
    const auto i = static_cast<std::size_t>(id);
    return i < relays_.size() ? &relays_[i] : nullptr;
  }
  /// Acts on what the relay's protocol has put out.
  void settle(Time now, Relay& relay);
  void accept(Relay& relay);
  void refuse(Time now, Relay& relay, const std::string& reason, bool silently);
  void open(Time now, Relay& relay);
  void fail(Time now, Relay& relay, const Error& why);
  void put(Output output) { outputs_.push_back(std::move(output)); }
  void give_up(Relay& relay);

  std::vector<RelayUrl> urls_;
  Entropy& entropy_;
  NostrKey key_;
  std::vector<Relay> relays_;
  std::set<Topic> topics_;
  std::vector<Output> outputs_;
};

void RelayPool::Impl::settle(Time now, Relay& relay) {
  for (RelayProtocol::Output& output : relay.protocol->take_outputs()) {
    if (auto* frame = std::get_if<RelayFrame>(&output)) {
      put(Send{relay.id, std::move(*frame)});
    } else if (auto* payload = std::get_if<RelayProtocol::Payload>(&output)) {
      relay.echo_due.reset();
      if (relay.is_silent || relay.is_guess) accept(relay);
      put(Message{relay.id, std::move(payload->topic), std::move(payload->bytes)});
    } else if (const auto* notice = std::get_if<RelayProtocol::Notice>(&output)) {
      relay.last_notice = printable(notice->text);
      if (!relay.is_guess && relay.notices.take(now)) put(Notice{relay.id, relay.last_notice});
    } else if (const auto* refused = std::get_if<RelayProtocol::Refused>(&output)) {
      refuse(now, relay, printable(refused->reason), false);
    } else if (std::holds_alternative<RelayProtocol::Echo>(output)) {
      accept(relay);
    } else {
      put(Dropped{relay.id, std::string(std::get<RelayProtocol::Dropped>(output).reason)});
    }
  }
}

void RelayPool::Impl::accept(Relay& relay) {
  relay.echo_due.reset();
  relay.is_silent = false;
  const bool is_news = std::exchange(relay.is_guess, false);
  if (std::exchange(relay.refusal, std::nullopt) || is_news) put(Passes{relay.id});
}

void RelayPool::Impl::refuse(Time now, Relay& relay, const std::string& reason, bool silently) {
  relay.echo_due.reset();
  if (relay.is_guess && silently) {
    put(Close{relay.id});
    return give_up(relay);
  }
  if (relay.is_guess) accept(relay);
  if (relay.refusal == reason || (!silently && !relay.notices.take(now))) return;
  relay.refusal = reason;
  relay.is_silent = silently;
  put(Refused{relay.id, reason, silently});
}

bool RelayPool::Impl::is_ready(RelayId id) const {
  const auto i = static_cast<std::size_t>(id);
  return i < relays_.size() && relays_[i].state == State::ready;
}

void RelayPool::Impl::start(Time now) {
  for (Relay& relay : relays_) {
    if (relay.state == State::idle) open(now, relay);
  }
}

void RelayPool::Impl::stop() {
  for (Relay& relay : relays_) {
    if (relay.state == State::given_up) continue;
    const State before = std::exchange(relay.state, State::idle);
    relay.timer.reset();
    relay.wait = {};
    relay.echo_due.reset();
    relay.protocol->closed();
    if (before == State::connecting || before == State::ready) put(Close{relay.id});
  }
}

void RelayPool::Impl::open(Time now, Relay& relay) {
  relay.state = State::connecting;
  relay.timer = now + connect_timeout;
  const RelayUrl& url = urls_[static_cast<std::size_t>(relay.id)];
  put(Open{relay.id, url.url(), relay_strategy(url.kind()).subprotocol});
}

void RelayPool::Impl::fail(Time now, Relay& relay, const Error& why) {
  const bool was_connected = relay.state == State::ready;
  relay.protocol->closed();
  relay.echo_due.reset();
  if (was_connected && now - relay.opened_at >= stable_after) relay.wait = {};
  relay.wait = std::clamp(relay.wait * 2, first_wait, longest_wait);
  // Half of it is chance, so that clients whom a relay lost together do not return together.
  const auto wait = std::chrono::duration_cast<Duration>(relay.wait * (1 - entropy_.unit() / 2));
  relay.state = State::waiting;
  relay.timer = now + wait;
  put(Failed{relay.id, {why.kind, printable(why.message), why.code}, wait, was_connected});
}

void RelayPool::Impl::give_up(Relay& relay) {
  relay.state = State::given_up;
  relay.timer.reset();
  relay.echo_due.reset();
  relay.protocol->closed();
  put(GivenUp{relay.id});
}

void RelayPool::Impl::subscribe(Time now, const Topic& topic) {
  topics_.insert(topic);
  for (Relay& relay : relays_) {
    relay.protocol->subscribe(now, topic);
    settle(now, relay);
  }
}

void RelayPool::Impl::unsubscribe(Time now, const Topic& topic) {
  topics_.erase(topic);
  for (Relay& relay : relays_) {
    relay.protocol->unsubscribe(now, topic);
    settle(now, relay);
  }
}

bool RelayPool::Impl::publish(Time now, RelayId id, const Topic& topic,
                              const std::string& payload) {
  Relay* relay = find(id);
  if (relay == nullptr || relay->state != State::ready) return false;
  if (!relay->protocol->publish(now, topic, payload)) return false;
  settle(now, *relay);
  if (topics_.contains(topic) && !relay->echo_due) relay->echo_due = now + echo_timeout;
  return true;
}

void RelayPool::Impl::opened(Time now, RelayId id) {
  Relay* relay = find(id);
  if (relay == nullptr || relay->state != State::connecting) return;
  relay->state = State::ready;
  relay->timer.reset();
  relay->opened_at = now;
  relay->last_notice.clear();
  relay->refusal.reset();
  relay->is_silent = false;
  relay->protocol->opened(now);
  settle(now, *relay);
  // A socket keeps the order: the relay knows our subscriptions before it reads what follows.
  put(Ready{id});
}

void RelayPool::Impl::message(Time now, RelayId id, ByteView frame, bool is_text) {
  Relay* relay = find(id);
  if (relay == nullptr || relay->state != State::ready) return;
  relay->protocol->receive(now, frame, is_text);
  settle(now, *relay);
}

void RelayPool::Impl::closed(Time now, RelayId id, const Error& why, bool reached) {
  Relay* relay = find(id);
  if (relay == nullptr) return;
  if (relay->state != State::connecting && relay->state != State::ready) return;
  if (relay->is_guess && reached) return give_up(*relay);
  fail(now, *relay, why);
}

Deadline RelayPool::Impl::next_timeout() const {
  Deadline next;
  for (const Relay& relay : relays_) {
    next = earlier(next, earlier(relay.timer, relay.protocol->next_timeout()));
    next = earlier(next, relay.echo_due);
  }
  return next;
}

void RelayPool::Impl::handle_timeout(Time now) {
  for (Relay& relay : relays_) {
    relay.protocol->handle_timeout(now);
    settle(now, relay);
    if (relay.echo_due && *relay.echo_due <= now) refuse(now, relay, relay.last_notice, true);
    if (!relay.timer || *relay.timer > now) continue;
    if (relay.state == State::waiting) {
      open(now, relay);
    } else {
      put(Close{relay.id});
      fail(now, relay, {ErrorKind::timed_out, "no answer within 15 s", ErrorCode::no_answer});
    }
  }
}

RelayPool::RelayPool(std::vector<RelayUrl> relays, WallClock& date, Entropy& entropy)
    : impl_(std::make_unique<Impl>(std::move(relays), date, entropy)) {}

RelayPool::~RelayPool() = default;

const std::vector<RelayUrl>& RelayPool::relays() const {
  return impl_->urls();
}
bool RelayPool::is_ready(RelayId relay) const {
  return impl_->is_ready(relay);
}
void RelayPool::start(Time now) {
  impl_->start(now);
}
void RelayPool::stop() {
  impl_->stop();
}
void RelayPool::subscribe(Time now, const Topic& topic) {
  impl_->subscribe(now, topic);
}
void RelayPool::unsubscribe(Time now, const Topic& topic) {
  impl_->unsubscribe(now, topic);
}
bool RelayPool::publish(Time now, RelayId relay, const Topic& topic, const std::string& payload) {
  return impl_->publish(now, relay, topic, payload);
}
void RelayPool::relay_opened(Time now, RelayId relay) {
  impl_->opened(now, relay);
}
void RelayPool::relay_message(Time now, RelayId relay, ByteView frame, bool is_text) {
  impl_->message(now, relay, frame, is_text);
}
void RelayPool::relay_closed(Time now, RelayId relay, const Error& why, bool reached) {
  impl_->closed(now, relay, why, reached);
}
Deadline RelayPool::next_timeout() const {
  return impl_->next_timeout();
}
void RelayPool::handle_timeout(Time now) {
  impl_->handle_timeout(now);
}
std::vector<RelayPool::Output> RelayPool::take_outputs() {
  return impl_->take_outputs();
}

}  // namespace roomwire::signal
