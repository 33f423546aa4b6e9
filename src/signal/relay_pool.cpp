#include "signal/relay_pool.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/rate_limit.hpp"
#include "signal/nostr_protocol.hpp"
#include "signal/relay_text.hpp"
#include "signal/ws_relay_protocol.hpp"

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
  Impl(std::vector<RelayUrl> relays, RelaySocketPort& sockets, WallClock& date, Entropy& entropy,
       RelayPoolObserver& observer)
      : urls_(std::move(relays)),
        sockets_(sockets),
        entropy_(entropy),
        observer_(observer),
        key_(NostrKey::draw(entropy)) {
    for (std::size_t i = 0; i < urls_.size(); ++i) {
      relays_.push_back(std::make_unique<Relay>(*this, static_cast<RelayId>(i), date));
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
  void message(Time now, RelayId id, std::string_view text);
  void closed(Time now, RelayId id, const std::string& reason, bool reached);
  Deadline next_timeout() const;
  void handle_timeout(Time now);

 private:
  enum class State { idle, connecting, ready, waiting, given_up };

  struct Relay final : RelayProtocolPort {
    Relay(Impl& owner, RelayId which, WallClock& date);

    void send(std::string text) override { pool.sockets_.send(id, std::move(text)); }
    void on_payload(const Topic& topic, std::string_view payload) override {
      echo_due.reset();
      if (is_silent || is_guess) accept();
      pool.observer_.on_relay_message(id, topic, payload);
    }
    void on_notice(std::string_view text) override {
      last_notice = printable(text);
      if (!is_guess && notices.take(now)) pool.observer_.on_relay_notice(id, last_notice);
    }
    void on_refused(std::string_view reason) override { refuse(printable(reason), false); }
    void on_echo() override { accept(); }
    void refuse(const std::string& reason, bool silently);
    void accept();
    void on_dropped(std::string_view reason) override {
      pool.observer_.on_relay_dropped(id, std::string(reason));
    }

    Impl& pool;
    RelayId id;
    std::unique_ptr<RelayProtocol> protocol;
    State state = State::idle;
    Deadline timer;   ///< Connecting: when to give up. Waiting: when to try again.
    Duration wait{};  ///< The last one, before its jitter.
    Time opened_at{};
    Deadline echo_due;        ///< Of our announcement.
    std::string last_notice;  ///< On this connection.
    std::optional<std::string> refusal;
    bool is_silent = false;  ///< The refusal.
    bool is_guess = false;   ///< And has not shown that it is a relay.
    Time now{};              ///< Of the message that is being read.
    RateLimit notices{notice_burst, notices_per_second};
  };

  /// Null when there is no such relay.
  Relay* find(RelayId id) const {
    const auto i = static_cast<std::size_t>(id);
    return i < relays_.size() ? relays_[i].get() : nullptr;
  }
  void open(Time now, Relay& relay);
  void fail(Time now, Relay& relay, const std::string& reason);
  void give_up(Relay& relay);

  std::vector<RelayUrl> urls_;
  RelaySocketPort& sockets_;
  Entropy& entropy_;
  RelayPoolObserver& observer_;
  NostrKey key_;
  std::vector<std::unique_ptr<Relay>> relays_;
  std::set<Topic> topics_;
};

RelayPool::Impl::Relay::Relay(Impl& owner, RelayId which, WallClock& date)
    : pool(owner), id(which) {
  const RelayUrl& url = owner.urls_[static_cast<std::size_t>(which)];
  is_guess = url.is_guess;
  if (url.kind == RelayUrl::Kind::nostr) {
    protocol = std::make_unique<NostrProtocol>(owner.key_, date, owner.entropy_, *this);
  } else {
    protocol = std::make_unique<WsRelayProtocol>(*this);
  }
}

void RelayPool::Impl::Relay::accept() {
  echo_due.reset();
  is_silent = false;
  const bool is_news = std::exchange(is_guess, false);
  if (std::exchange(refusal, std::nullopt) || is_news) pool.observer_.on_relay_passes(id);
}

void RelayPool::Impl::Relay::refuse(const std::string& reason, bool silently) {
  echo_due.reset();
  if (is_guess && silently) {
    pool.sockets_.close(id);
    return pool.give_up(*this);
  }
  if (is_guess) accept();
  if (refusal == reason || (!silently && !notices.take(now))) return;
  refusal = reason;
  is_silent = silently;
  pool.observer_.on_relay_refused(id, reason, silently);
}

bool RelayPool::Impl::is_ready(RelayId id) const {
  const Relay* relay = find(id);
  return relay != nullptr && relay->state == State::ready;
}

void RelayPool::Impl::start(Time now) {
  for (const auto& relay : relays_) {
    if (relay->state == State::idle) open(now, *relay);
  }
}

void RelayPool::Impl::stop() {
  for (const auto& relay : relays_) {
    if (relay->state == State::given_up) continue;
    const State before = std::exchange(relay->state, State::idle);
    relay->timer.reset();
    relay->wait = {};
    relay->echo_due.reset();
    relay->protocol->closed();
    if (before == State::connecting || before == State::ready) sockets_.close(relay->id);
  }
}

void RelayPool::Impl::open(Time now, Relay& relay) {
  relay.state = State::connecting;
  relay.timer = now + connect_timeout;
  sockets_.open(relay.id, urls_[static_cast<std::size_t>(relay.id)].url);
}

void RelayPool::Impl::fail(Time now, Relay& relay, const std::string& reason) {
  const bool was_connected = relay.state == State::ready;
  relay.protocol->closed();
  relay.echo_due.reset();
  if (was_connected && now - relay.opened_at >= stable_after) relay.wait = {};
  relay.wait = std::clamp(relay.wait * 2, first_wait, longest_wait);
  // Half of it is chance, so that clients whom a relay lost together do not return together.
  const auto wait = std::chrono::duration_cast<Duration>(relay.wait * (1 - entropy_.unit() / 2));
  relay.state = State::waiting;
  relay.timer = now + wait;
  observer_.on_relay_failed(relay.id, printable(reason), wait, was_connected);
}

void RelayPool::Impl::give_up(Relay& relay) {
  relay.state = State::given_up;
  relay.timer.reset();
  relay.echo_due.reset();
  relay.protocol->closed();
  observer_.on_relay_given_up(relay.id);
}

void RelayPool::Impl::subscribe(Time now, const Topic& topic) {
  topics_.insert(topic);
  for (const auto& relay : relays_)
    relay->protocol->subscribe(now, topic);
}

void RelayPool::Impl::unsubscribe(Time now, const Topic& topic) {
  topics_.erase(topic);
  for (const auto& relay : relays_)
    relay->protocol->unsubscribe(now, topic);
}

bool RelayPool::Impl::publish(Time now, RelayId id, const Topic& topic,
                              const std::string& payload) {
  Relay* relay = find(id);
  if (relay == nullptr || relay->state != State::ready) return false;
  if (!relay->protocol->publish(now, topic, payload)) return false;
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
  // A socket keeps the order: the relay knows our subscriptions before it reads what follows.
  observer_.on_relay_ready(id);
}

void RelayPool::Impl::message(Time now, RelayId id, std::string_view text) {
  Relay* relay = find(id);
  if (relay == nullptr || relay->state != State::ready) return;
  relay->now = now;
  relay->protocol->receive(now, text);
}

void RelayPool::Impl::closed(Time now, RelayId id, const std::string& reason, bool reached) {
  Relay* relay = find(id);
  if (relay == nullptr) return;
  if (relay->state != State::connecting && relay->state != State::ready) return;
  if (relay->is_guess && reached) return give_up(*relay);
  fail(now, *relay, reason);
}

Deadline RelayPool::Impl::next_timeout() const {
  Deadline next;
  for (const auto& relay : relays_) {
    next = earlier(next, earlier(relay->timer, relay->protocol->next_timeout()));
    next = earlier(next, relay->echo_due);
  }
  return next;
}

void RelayPool::Impl::handle_timeout(Time now) {
  for (const auto& relay : relays_) {
    relay->protocol->handle_timeout(now);
    if (relay->echo_due && *relay->echo_due <= now) relay->refuse(relay->last_notice, true);
    if (!relay->timer || *relay->timer > now) continue;
    if (relay->state == State::waiting) {
      open(now, *relay);
    } else {
      sockets_.close(relay->id);
      fail(now, *relay, "no answer within 15 s");
    }
  }
}

RelayPool::RelayPool(std::vector<RelayUrl> relays, RelaySocketPort& sockets, WallClock& date,
                     Entropy& entropy, RelayPoolObserver& observer)
    : impl_(std::make_unique<Impl>(std::move(relays), sockets, date, entropy, observer)) {}

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
void RelayPool::relay_message(Time now, RelayId relay, std::string_view text) {
  impl_->message(now, relay, text);
}
void RelayPool::relay_closed(Time now, RelayId relay, const std::string& reason, bool reached) {
  impl_->closed(now, relay, reason, reached);
}
Deadline RelayPool::next_timeout() const {
  return impl_->next_timeout();
}
void RelayPool::handle_timeout(Time now) {
  impl_->handle_timeout(now);
}

}  // namespace roomwire::signal
