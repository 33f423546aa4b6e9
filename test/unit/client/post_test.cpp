// What is posted to the loop: order, times, and other threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <roomwire/roomwire.hpp>
#include <thread>

#include "client/client_fixture.hpp"

namespace roomwire {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class PostTest : public ClientTest {};

TEST_F(PostTest, TasksFromOtherThreadsKeepTheirOrder) {
  start();
  constexpr std::size_t threads = 4;
  constexpr int each = 1000;
  const auto loop_thread = std::this_thread::get_id();
  std::vector<std::vector<int>> came(threads);
  std::size_t all = 0;
  std::vector<std::thread> posting;
  for (std::size_t t = 0; t < threads; ++t) {
    posting.emplace_back([&, t] {
      for (int i = 0; i < each; ++i) {
        context->post([&, t, i] {
          EXPECT_EQ(std::this_thread::get_id(), loop_thread);
          came[t].push_back(i);
          if (++all == threads * each) context->stop();
        });
      }
    });
  }
  context->run();
  for (std::thread& thread : posting)
    thread.join();
  for (const auto& numbers : came) {
    EXPECT_THAT(numbers, SizeIs(each));
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  }
}

TEST_F(PostTest, AStopBeforeRunIsKeptForItAndThenUsedUp) {
  start();
  bool ran = false;
  context->post([&] {
    ran = true;
    context->stop();
  });
  context->stop();
  context->run();
  EXPECT_FALSE(ran);
  context->run();
  EXPECT_TRUE(ran);
}

TEST_F(PostTest, DelayedTasksRunInTheOrderOfTheirTimes) {
  start();
  std::vector<int> order;
  // Within one task, for time stands still there.
  context->post([&] {
    context->post_after(30ms, [&] {
      order.push_back(30);
      context->stop();
    });
    context->post_after(1ms, [&] { order.push_back(1); });
    context->post_after(20ms, [&] { order.push_back(20); });
    context->post_after(10ms, [&] { order.push_back(10); });
    context->post_after(0ms, [&] { order.push_back(0); });
    EXPECT_THAT(order, IsEmpty());
  });
  const auto begin = std::chrono::steady_clock::now();
  context->run();
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 30ms);
  EXPECT_THAT(order, ElementsAre(0, 1, 10, 20, 30));
}

TEST_F(PostTest, DelayedTasksOfOneTimeRunInTheOrderInWhichTheyWereSet) {
  start();
  std::vector<int> order;
  std::vector<int> expected;
  context->post([&] {
    for (int i = 0; i < 100; ++i) {
      expected.push_back(i);
      context->post_after(5ms, [&, i] { order.push_back(i); });
      context->post_after(1ms, [] {});
    }
    context->post_after(5ms, [&] { context->stop(); });
  });
  context->run();
  EXPECT_EQ(order, expected);
}

TEST_F(PostTest, ADelayedTaskThatSetsItselfAnewLetsOthersHaveTheirTurn) {
  start();
  int again = 0;
  std::function<void()> repeat = [&] {
    ++again;
    context->post_after(0ms, repeat);
  };
  repeat();
  std::function<void()> other = [&] {
    if (again > 2) {
      context->stop();
    } else {
      context->post_after(1ms, other);
    }
  };
  context->post_after(1ms, other);
  context->run();
}

TEST_F(PostTest, ASenderThatSendsAnewWhenItHasSentLetsOthersHaveTheirTurn) {
  start();
  auto room = join();
  auto action = *room->action("a");
  std::function<void()> send = [&] {
    SendOptions options;
    options.on_sent = send;
    ASSERT_TRUE(action.send("to nobody", options));
  };
  send();
  std::thread elsewhere;
  context->post_after(
      1ms, [&] { elsewhere = std::thread([&] { context->post([&] { context->stop(); }); }); });
  context->run();
  elsewhere.join();
  room.reset();
}

TEST_F(PostTest, WhatWaitsWhenTheContextGoesIsDroppedUncalled) {
  start();
  const auto unexpected = [] { ADD_FAILURE() << "called after the end"; };
  auto room = join();
  SendOptions send;
  send.on_sent = unexpected;
  ASSERT_TRUE(room->action("a")->send("x", send));
  room->ping(nobody, [&](const auto&) { unexpected(); });
  context->post(unexpected);
  context->post_after(0ms, unexpected);
  room->leave(unexpected);
  room.reset();
  context.reset();
}

}  // namespace
}  // namespace roomwire
