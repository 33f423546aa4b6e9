#include "bridges/bridge.hpp"

#include <net/loop.hpp>
#include <utility>

namespace roomwire::bridges {

Bridge::Bridge(net::Loop& loop) : loop_(loop) {}
Bridge::~Bridge() = default;

void Bridge::finish(std::function<void()> done) {
  waiting_.push_back(std::move(done));
  if (stage_ == Stage::finished) return tell_later();
  if (stage_ == Stage::finishing) return;
  stage_ = Stage::finishing;
  begin_finish();
}

void Bridge::finished() {
  if (stage_ != Stage::finishing) return;
  stage_ = Stage::finished;
  tell_later();
}

void Bridge::tell_later() {
  loop_.post([weak = std::weak_ptr<Bridge*>(self_)] {
    if (weak.expired()) return;
    const auto waiting = std::exchange((*weak.lock())->waiting_, {});
    for (const auto& done : waiting) {
      if (!weak.expired()) done();  // who was told may have destroyed us
    }
  });
}

}  // namespace roomwire::bridges
