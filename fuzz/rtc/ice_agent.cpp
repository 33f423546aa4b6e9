// An agent under a script of candidates, time and packets: raw ones, and ones that a peer who
// knows the passwords has signed.
#include "rtc/ice_agent.hpp"

#include <cstdlib>
#include <vector>

#include "rtc/stun.hpp"

namespace {

using namespace roomwire;
using namespace roomwire::rtc;

class Script : public IceSink {
 public:
  explicit Script(ByteView bytes) : reader_(bytes) {
    const std::uint8_t flags = reader_.u8();
    const IceRole role = (flags & 1) != 0 ? IceRole::controlling : IceRole::controlled;
    agent_ = std::make_unique<IceAgent>(role, ours_, entropy_, *this);
    for (std::uint8_t i = 0; i < 2; ++i)
      agent_->add_local_candidate(now_, candidate(i));
    if ((flags & 2) != 0) agent_->set_remote_credentials(now_, theirs_);
  }

  void run() {
    while (!reader_.rest().empty() && !reader_.failed())
      step();
    // It comes to rest, or goes on no faster than its pace.
    for (int i = 0; i < 200 && agent_->next_timeout(); ++i) {
      const Time before = now_;
      now_ = std::max(now_, *agent_->next_timeout());
      agent_->handle_timeout(now_);
      if (now_ == before && ++idle_ > 50) std::abort();
    }
  }

  void send_stun(const Endpoint& local, const Endpoint& remote, ByteView packet) override {
    const auto message = StunMessage::parse(packet);
    if (!message || local.address.is_v4() != remote.address.is_v4()) std::abort();
    if (message->kind == StunClass::request) asked_ = {message->transaction, local, remote};
  }
  void on_ice_state(IceState state, const std::optional<IcePair>& selected) override {
    if (failed_ || (state == IceState::connected && !selected)) std::abort();
    failed_ = state == IceState::failed;
  }

 private:
  struct Asked {
    StunTransactionId transaction{};
    Endpoint local;
    Endpoint remote;
  };

  static Endpoint endpoint(std::uint8_t byte) {
    return {IpAddress::v4({10, 0, 0, static_cast<std::uint8_t>(byte >> 4)}),
            static_cast<std::uint16_t>(1 + (byte & 15))};
  }
  static Candidate candidate(std::uint8_t byte) {
    Candidate candidate;
    candidate.endpoint = endpoint(byte);
    candidate.priority = candidate_priority(CandidateType::host, byte);
    return candidate;
  }

  void step() {
    const std::uint8_t op = reader_.u8();
    const std::uint8_t arg = reader_.u8();
    switch (op % 8) {
      case 0:
        agent_->add_remote_candidate(now_, candidate(arg));
        break;
      case 1:
        agent_->set_remote_credentials(now_, theirs_);
        break;
      case 2:
        now_ += 10ms * arg;
        agent_->handle_timeout(now_);
        break;
      case 3:
        agent_->note_traffic(now_);
        break;
      case 4:
        agent_->handle_stun(now_, endpoint(arg & 1), endpoint(arg), reader_.take(arg));
        break;
      case 5:
        request(arg);
        break;
      default:
        respond(arg);
    }
  }

  void request(std::uint8_t arg) {
    StunMessage message;
    message.transaction = draw_transaction_id(entropy_);
    message.username = ours_.ufrag + ":" + theirs_.ufrag;
    message.priority = reader_.u16();
    const std::uint8_t flags = reader_.u8();
    message.use_candidate = (flags & 1) != 0;
    if ((flags & 2) != 0) message.controlling = std::uint64_t{flags} << 56;
    if ((flags & 4) != 0) message.controlled = std::uint64_t{flags} << 56;
    const Bytes packet = message.serialise(ours_.password);
    agent_->handle_stun(now_, endpoint(arg & 1), endpoint(arg), packet);
  }

  void respond(std::uint8_t arg) {
    StunMessage message;
    message.kind = (arg & 1) != 0 ? StunClass::success : StunClass::error;
    message.transaction = asked_.transaction;
    message.mapped_address = endpoint(arg);
    if ((arg & 2) != 0) message.error = StunError{stun_role_conflict, {}};
    if ((arg & 4) != 0) message.error = StunError{stun_bad_request, {}};
    agent_->handle_stun(now_, asked_.local, asked_.remote, message.serialise(theirs_.password));
  }

  ByteReader reader_;
  SeededEntropy entropy_{1};
  IceCredentials ours_{"ours", "ours-ours-ours-ours-ours"};
  IceCredentials theirs_{"them", "them-them-them-them-them"};
  std::unique_ptr<IceAgent> agent_;
  Time now_ = Time{} + 1s;
  Asked asked_;
  bool failed_ = false;
  int idle_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  Script(ByteView(data, size)).run();
  return 0;
}
