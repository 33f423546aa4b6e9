#include "net/loop.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cassert>
#include <utility>

namespace roomwire::net {

namespace asio = boost::asio;

namespace {
constexpr int single_thread_hint = 1;
constexpr std::size_t max_posted_per_turn = 256;
// A hook that requests others ends soon; one that requests itself for ever must not hold up the
// turn, so what is left after this many passes waits for the next.
constexpr int max_hook_passes = 8;
}  // namespace

Loop::Loop(LoopOptions options)
    : io_(std::make_unique<asio::io_context>(single_thread_hint)),
      spin_(options.spin),
      thread_(std::this_thread::get_id()) {}

// First of all the handlers go, for those that own timers and hooks want the rest to be there.
Loop::~Loop() {
  while (!posted_.empty())
    std::exchange(posted_, {}).clear();
  io_.reset();
}

Time Loop::now() {
  if (!now_is_fresh_) {
    cached_now_ = std::chrono::steady_clock::now();
    now_is_fresh_ = running_;
  }
  return cached_now_;
}

void Loop::post(std::function<void()> task) {
  bool first = false;
  {
    const std::lock_guard lock(posted_mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(task));
  }
  if (first) asio::post(*io_, [this] { run_posted(); });
}

// Runs what is there now. What these tasks post waits for the next turn, or a task that posts
// itself anew would keep the sockets waiting.
void Loop::run_posted() {
  std::size_t left = 0;
  {
    const std::lock_guard lock(posted_mutex_);
    left = std::min(posted_.size(), max_posted_per_turn);
  }
  bool more = false;
  for (; left > 0; --left) {
    std::function<void()> task;
    {
      // Its place in the queue is kept until it is done, so that a post() meanwhile sees that
      // somebody is at work.
      const std::lock_guard lock(posted_mutex_);
      task = std::move(posted_.front());
    }
    now_is_fresh_ = false;
    task();
    const std::lock_guard lock(posted_mutex_);
    posted_.pop_front();
    more = !posted_.empty();
  }
  if (more) asio::post(*io_, [this] { run_posted(); });
}

void Loop::run() noexcept {
  assert(!running_);
  thread_ = std::this_thread::get_id();
  running_ = true;
  io_->restart();
  const auto work = asio::make_work_guard(*io_);
  while (!stop_.exchange(false)) {
    now_is_fresh_ = false;
    // With hooks left over, what is ready has its turn all the same.
    if (hooks_.empty()) {
      wait_and_run_one();
    } else {
      io_->poll_one();
    }
    run_hooks();
  }
  running_ = false;
  now_is_fresh_ = false;
}

void Loop::wait_and_run_one() {
  if (spin_ > Duration::zero()) {
    const Time until = std::chrono::steady_clock::now() + spin_;
    do {
      if (io_->poll_one() > 0) return;
    } while (std::chrono::steady_clock::now() < until);
  }
  io_->run_one();
}

void Loop::run_hooks() {
  for (int pass = 0; pass < max_hook_passes && !hooks_.empty(); ++pass) {
    hooks_running_.swap(hooks_);
    // By reference: a hook that dies meanwhile leaves a nullptr in its place.
    for (TurnHook* const& slot : hooks_running_) {
      TurnHook* const hook = slot;
      if (hook == nullptr) continue;
      hook->requested_ = false;
      const auto run = hook->run_;
      (*run)();
    }
    hooks_running_.clear();
  }
}

void Loop::stop() {
  stop_ = true;
  asio::post(*io_, [] {});  // wakes it
}

TurnHook::TurnHook(Loop& loop, std::function<void()> run)
    : loop_(loop), run_(std::make_shared<std::function<void()>>(std::move(run))) {}

TurnHook::~TurnHook() {
  std::replace(loop_.hooks_.begin(), loop_.hooks_.end(), this, static_cast<TurnHook*>(nullptr));
  std::replace(loop_.hooks_running_.begin(), loop_.hooks_running_.end(), this,
               static_cast<TurnHook*>(nullptr));
}

void TurnHook::request() {
  if (requested_) return;
  requested_ = true;
  loop_.hooks_.push_back(this);
}

struct Timer::State : std::enable_shared_from_this<Timer::State> {
  State(asio::io_context& io, std::function<void()> callback)
      : timer(io), run(std::move(callback)) {}

  void arm(Time time) {
    armed = time;
    ++wait;
    timer.expires_at(time);
    timer.async_wait(
        [self = shared_from_this(), mine = wait](const boost::system::error_code& error) {
          // A wait that was replaced after it had ended comes without an error.
          if (!error && mine == self->wait) self->fire();
        });
  }

  void fire() {
    armed.reset();
    if (!wanted) return;
    if (*wanted > std::chrono::steady_clock::now()) return arm(*wanted);
    wanted.reset();
    running = true;
    run();
    running = false;
    if (!owned) run = nullptr;
  }

  asio::steady_timer timer;
  std::function<void()> run;
  Deadline wanted;
  Deadline armed;  // of the wait that is under way; never later than `wanted`
  std::uint64_t wait = 0;
  bool running = false;
  bool owned = true;
};

Timer::Timer(Loop& loop, std::function<void()> run)
    : state_(std::make_shared<State>(loop.io(), std::move(run))) {}

Timer::~Timer() {
  state_->owned = false;
  state_->wanted.reset();
  ++state_->wait;
  state_->timer.cancel();
  if (!state_->running) state_->run = nullptr;
}

void Timer::set(Time time) {
  state_->wanted = time;
  if (state_->armed && *state_->armed <= time) return;
  state_->arm(time);
}

void Timer::set(Deadline deadline) {
  if (deadline) {
    set(*deadline);
  } else {
    cancel();
  }
}

void Timer::cancel() {
  state_->wanted.reset();
}

}  // namespace roomwire::net
