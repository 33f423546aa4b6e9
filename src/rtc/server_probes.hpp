// Asks STUN servers (RFC 8489) what address they see each socket at, and keeps the mapping alive.
#pragma once

#include <optional>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/entropy.hpp"
#include "base/time.hpp"
#include "rtc/stun.hpp"

namespace roomwire::rtc {

/// Called from within the functions of ServerProbes: do not call back into it.
class ServerProbeSink {
 public:
  virtual ~ServerProbeSink() = default;
  virtual void send_probe(const Endpoint& local, const Endpoint& server, ByteView packet) = 0;
  /// What servers see `local` at has changed: see ServerProbes::mapped.
  virtual void on_mapped(Time now, const Endpoint& local) = 0;
};

class ServerProbes {
 public:
  /// RFC 8489 section 6.2.1: 0.5 s, doubled, seven times. Then it waits as after an answer.
  static constexpr Duration first_wait = 500ms;
  static constexpr int max_tries = 7;
  /// Mappings of NATs last 30 s and more (RFC 4787 wants minutes).
  static constexpr Duration refresh_interval = 25s;
  static constexpr std::size_t max_servers = 16;

  ServerProbes(Entropy& entropy, ServerProbeSink& sink) : entropy_(entropy), sink_(sink) {}

  void set_local_endpoints(Time now, std::vector<Endpoint> endpoints);
  /// Above the bound it takes the place of one that does not answer, or is ignored.
  void add_server(Time now, const Endpoint& server);
  /// The addresses that servers see `local` at, if another: what each said last. One that is silent
  /// says nothing against what it said before.
  std::vector<Endpoint> mapped(const Endpoint& local) const;
  /// False when the packet answers nothing that was asked.
  bool handle_stun(Time now, const Endpoint& local, const Endpoint& remote, ByteView packet);
  Deadline next_timeout() const;
  void handle_timeout(Time now);

 private:
  struct Probe {
    Endpoint local;
    Endpoint server;
    StunTransactionId transaction{};
    int tries = 0;
    Time next{};
    bool is_silent = false;          ///< All tries of the last round went unanswered.
    std::optional<Endpoint> mapped;  ///< What the server said last, if it is another address.
  };

  void add_probe(Time now, const Endpoint& local, const Endpoint& server);
  void send(Time now, Probe& probe);
  bool drop_silent_server(Time now);

  Entropy& entropy_;
  ServerProbeSink& sink_;
  std::vector<Endpoint> locals_;
  std::vector<Endpoint> servers_;
  std::vector<Probe> probes_;
};

}  // namespace roomwire::rtc
