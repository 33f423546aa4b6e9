#include <gtest/gtest.h>

#include <net/loop.hpp>
#include <net/system.hpp>
#include <string>
#include <thread>
#include <vector>

#include "run_until.hpp"

namespace roomwire::net {
namespace {

Time real_now() {
  return std::chrono::steady_clock::now();
}

TEST(Loop, RunsPostedTasksInOrder) {
  Loop loop;
  std::string order;
  loop.post([&] {
    order += 'a';
    loop.post([&] {
      order += 'c';
      loop.stop();
    });
    EXPECT_EQ(order, "a") << "a task never runs inside post()";
  });
  loop.post([&] { order += 'b'; });
  loop.run();
  EXPECT_EQ(order, "abc");
}

TEST(Loop, TakesTasksFromManyThreadsWithoutLosingAny) {
  Loop loop;
  constexpr int threads = 4;
  constexpr int tasks = 5'000;
  std::vector<int> last(threads, -1);
  int ran = 0;
  std::vector<std::thread> posters;
  posters.reserve(threads);
  for (int t = 0; t < threads; ++t) {
    posters.emplace_back([&, t] {
      for (int i = 0; i < tasks; ++i) {
        loop.post([&, t, i] {
          EXPECT_EQ(last[static_cast<std::size_t>(t)], i - 1);
          last[static_cast<std::size_t>(t)] = i;
          if (++ran == threads * tasks) loop.stop();
        });
      }
    });
  }
  loop.run();
  for (std::thread& poster : posters)
    poster.join();
  EXPECT_EQ(ran, threads * tasks);
}

TEST(Loop, StopBeforeRunReturnsAtOnceAndIsUsedUp) {
  Loop loop;
  bool ran = false;
  loop.stop();
  loop.run();
  loop.post([&] {
    ran = true;
    loop.stop();
  });
  loop.run();
  EXPECT_TRUE(ran);
}

TEST(Loop, StopsFromAnotherThread) {
  Loop loop;
  std::thread other([&] { loop.stop(); });
  loop.run();
  other.join();
}

TEST(Loop, KnowsItsThread) {
  Loop loop;
  EXPECT_TRUE(loop.on_loop_thread());
  std::thread runner([&] {
    EXPECT_FALSE(loop.on_loop_thread());
    loop.post([&] {
      EXPECT_TRUE(loop.on_loop_thread());
      loop.stop();
    });
    loop.run();
  });
  runner.join();
  EXPECT_FALSE(loop.on_loop_thread()) << "the thread that ran it last";
}

TEST(Loop, TimeStandsStillInAHandlerAndGoesOnAfterIt) {
  Loop loop;
  Time first;
  Time second;
  loop.post([&] {
    first = loop.now();
    while (real_now() == first) {
    }
    EXPECT_EQ(loop.now(), first);
  });
  loop.post([&] {
    second = loop.now();
    loop.stop();
  });
  loop.run();
  EXPECT_GT(second, first);
}

TEST(Loop, SpinningLoopRunsTasksTimersAndHooks) {
  Loop loop(LoopOptions{.spin = 100us});
  bool hooked = false;
  TurnHook hook(loop, [&] { hooked = true; });
  Timer timer(loop, [&] { loop.stop(); });
  loop.post([&] {
    hook.request();
    timer.set(loop.now() + 2ms);
  });
  loop.run();
  EXPECT_TRUE(hooked);
}

TEST(Loop, ATaskThatPostsItselfForEverStarvesNobody) {
  Loop loop;
  std::function<void()> again;
  again = [&] { loop.post(again); };
  loop.post(again);
  Timer timer(loop, [&] { loop.stop(); });
  timer.set(real_now() + 1ms);
  loop.run();
}

TEST(Loop, DestroysTasksThatNeverRan) {
  const auto token = std::make_shared<int>();
  {
    Loop loop;
    loop.post([token] {});
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST(TurnHook, RunsOnceAtTheEndOfTheTurn) {
  Loop loop;
  std::string order;
  TurnHook hook(loop, [&] { order += 'h'; });
  loop.post([&] {
    hook.request();
    hook.request();
    order += 'a';
  });
  run_until(loop, [&] { return order.size() == 2; });
  EXPECT_EQ(order, "ah");
}

TEST(TurnHook, RequestedOutsideOfATurnRunsBeforeTheLoopSleeps) {
  Loop loop;
  TurnHook hook(loop, [&] { loop.stop(); });
  hook.request();
  loop.run();
}

TEST(TurnHook, MayRequestAnotherInTheSameTurn) {
  Loop loop;
  std::string order;
  TurnHook second(loop, [&] { order += '2'; });
  TurnHook first(loop, [&] {
    order += '1';
    second.request();
  });
  loop.post([&] { first.request(); });
  loop.post([&] { loop.stop(); });
  loop.run();
  EXPECT_EQ(order, "12");
}

TEST(TurnHook, ThatRequestsItselfForEverStarvesNobody) {
  Loop loop;
  std::unique_ptr<TurnHook> hook;
  hook = std::make_unique<TurnHook>(loop, [&] { hook->request(); });
  bool fired = false;
  Timer timer(loop, [&] { fired = true; });
  loop.post([&] {
    hook->request();
    timer.set(loop.now() + 1ms);
  });
  std::function<void()> until_fired = [&] { fired ? loop.stop() : loop.post(until_fired); };
  loop.post([&] { loop.post(until_fired); });
  loop.run();
  EXPECT_TRUE(fired);
}

TEST(TurnHook, DestroyedByItselfOrByAnotherIsNotCalledAgain) {
  Loop loop;
  int calls = 0;
  std::unique_ptr<TurnHook> itself;
  std::unique_ptr<TurnHook> other;
  itself = std::make_unique<TurnHook>(loop, [&, token = std::make_shared<int>(7)] {
    itself.reset();
    other.reset();
    calls += *token;  // what the function holds outlives the call
  });
  other = std::make_unique<TurnHook>(loop, [&] { calls += 1'000; });
  itself->request();
  other->request();
  settle(loop);
  EXPECT_EQ(calls, 7);
}

TEST(Timer, FiresOnceWhenTheTimeHasCome) {
  Loop loop;
  int fired = 0;
  Time when;
  Timer timer(loop, [&] {
    ++fired;
    when = loop.now();
  });
  const Time due = real_now() + 5ms;
  timer.set(due);
  EXPECT_TRUE(run_until(loop, [&] { return fired > 0; }));
  settle(loop);
  EXPECT_EQ(fired, 1);
  EXPECT_GE(when, due);
}

TEST(Timer, PastTimesFireSoonButNotInsideSet) {
  Loop loop;
  bool fired = false;
  Timer timer(loop, [&] {
    fired = true;
    loop.stop();
  });
  timer.set(Time{});
  EXPECT_FALSE(fired);
  loop.run();
  EXPECT_TRUE(fired);
}

TEST(Timer, LaterTimeReplacesTheEarlier) {
  Loop loop;
  Time fired{};
  Timer timer(loop, [&] { fired = loop.now(); });
  timer.set(real_now() + 1ms);
  const Time later = real_now() + 20ms;
  timer.set(later);
  EXPECT_TRUE(run_until(loop, [&] { return fired != Time{}; }));
  EXPECT_GE(fired, later);
}

TEST(Timer, EarlierTimeReplacesTheLater) {
  Loop loop;
  bool fired = false;
  Timer timer(loop, [&] { fired = true; });
  timer.set(real_now() + 24h);
  timer.set(real_now() + 1ms);
  EXPECT_TRUE(run_until(loop, [&] { return fired; }));
}

TEST(Timer, EarlierAfterTheFirstWaitEndedButBeforeItWasHandled) {
  Loop loop;
  int fired = 0;
  Timer timer(loop, [&] { ++fired; });
  timer.set(real_now() - 1ms);
  timer.set(real_now() - 2ms);
  timer.set(real_now() + 1ms);
  EXPECT_TRUE(run_until(loop, [&] { return fired > 0; }));
  settle(loop);
  EXPECT_EQ(fired, 1);
}

TEST(Timer, CancelledDoesNotFireAndCanBeSetAgain) {
  Loop loop;
  int fired = 0;
  Timer timer(loop, [&] { ++fired; });
  timer.set(Time{});
  timer.cancel();
  settle(loop);
  EXPECT_EQ(fired, 0);
  timer.set(Deadline{real_now() + 1ms});
  timer.set(Deadline{});
  settle(loop);
  EXPECT_EQ(fired, 0);
  timer.set(real_now() + 1ms);
  EXPECT_TRUE(run_until(loop, [&] { return fired == 1; }));
}

TEST(Timer, MaySetItselfAnew) {
  Loop loop;
  int fired = 0;
  std::unique_ptr<Timer> timer;
  timer = std::make_unique<Timer>(loop, [&] {
    if (++fired < 3) timer->set(loop.now());
  });
  timer->set(Time{});
  EXPECT_TRUE(run_until(loop, [&] { return fired == 3; }));
}

TEST(Timer, MayDestroyItself) {
  Loop loop;
  int sum = 0;
  std::unique_ptr<Timer> timer;
  timer = std::make_unique<Timer>(loop, [&, token = std::make_shared<int>(7)] {
    timer.reset();
    sum += *token;
  });
  timer->set(Time{});
  settle(loop);
  EXPECT_EQ(sum, 7);
}

TEST(Timer, DestroyedDoesNotFire) {
  Loop loop;
  bool fired = false;
  auto timer = std::make_unique<Timer>(loop, [&] { fired = true; });
  timer->set(Time{});
  timer.reset();
  settle(loop);
  EXPECT_FALSE(fired);
}

TEST(SystemEntropy, GivesFreshBytesInAnySize) {
  SystemEntropy entropy;
  for (const std::size_t size : {16U, 511U, 512U, 513U, 5'000U}) {
    std::vector<std::uint8_t> one(size);
    std::vector<std::uint8_t> two(size);
    entropy.fill(one);
    entropy.fill(two);
    EXPECT_NE(one, two) << size;
    const std::vector<std::uint8_t> tail(one.end() - 16, one.end());
    EXPECT_NE(tail, std::vector<std::uint8_t>(16)) << "filled to the end, " << size;
  }
}

TEST(SystemWallClock, CountsFrom1970) {
  SystemWallClock clock;
  EXPECT_GT(clock.unix_seconds(), 1'700'000'000);
  EXPECT_LT(clock.unix_seconds(), 10'000'000'000) << "seconds, not milliseconds";
}

}  // namespace
}  // namespace roomwire::net
