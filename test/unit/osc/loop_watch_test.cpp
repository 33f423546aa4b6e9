#include "osc/loop_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "base/encoding.hpp"
#include "osc/loop_probe.hpp"

namespace roomwire::osc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const PeerId other("zB");

/// The watch, and OSC behind it: what is sent comes back after `delay` where there is a loop.
class Scene : public LoopWatchPort {
 public:
  std::uint64_t send_probe() override {
    probes.push_back(now);
    if (loops && lets_probes_through) probe_comes = now + delay;
    return 77;
  }
  void release(const PeerId& bridge, bool goes_on) override {
    EXPECT_EQ(bridge, other);
    for (const std::string& text : std::exchange(held, {})) {
      if (goes_on) {
        send(text);
      } else {
        ++left_out;
      }
    }
  }
  void found_loop(const PeerId& bridge, const std::string& how) override {
    EXPECT_EQ(bridge, other);
    found.push_back(how);
  }

  void send(const std::string& text) {
    watch.sent(now, text);
    out.push_back(text);
    if (loops) coming.emplace_back(now + delay, text);
  }
  /// The other bridge brings a message into the room.
  void come(const std::string& text) {
    switch (watch.judge(now, other, text)) {
      case LoopWatch::Verdict::pass:
        return send(text);
      case LoopWatch::Verdict::hold:
        return held.push_back(text);
      case LoopWatch::Verdict::leave_out:
        ++left_out;
    }
  }
  /// Lets time pass; each millisecond `sensor` may say something.
  void run(
      Duration length, const std::function<void(int)>& sensor = [](int) {}) {
    for (int ms = 0; ms * 1ms < length; ++ms, now += 1ms) {
      for (const auto& [when, text] : std::exchange(coming, {})) {
        if (when <= now) {
          come(text);
        } else {
          coming.emplace_back(when, text);
        }
      }
      if (probe_comes && *probe_comes <= now) {
        probe_comes.reset();
        watch.heard_probe(now, other, 77, "127.0.0.1:5");
      }
      sensor(ms);
      if (const auto due = watch.next_timeout(); due && *due <= now) watch.handle_timeout(now);
    }
  }

  LoopWatch watch{*this};
  Time now{1h};
  bool loops = false;
  bool lets_probes_through = true;
  Duration delay = 3ms;
  std::vector<std::pair<Time, std::string>> coming;
  Deadline probe_comes;
  std::vector<Time> probes;
  std::vector<std::string> held;
  std::vector<std::string> out;
  std::vector<std::string> found;
  std::size_t left_out = 0;
};

TEST(LoopWatch, LetsASteadyStreamPassWhole) {
  Scene scene;
  std::size_t said = 0;
  scene.run(std::chrono::minutes(2), [&](int ms) {
    if (ms % 10 >= 9) return;  // 900 a second
    ++said;
    scene.come("/bang");
  });
  EXPECT_EQ(scene.out.size(), said);
  EXPECT_THAT(scene.held, IsEmpty());
  EXPECT_THAT(scene.found, IsEmpty());
  EXPECT_THAT(scene.probes, SizeIs(1)) << "one suspicion in two minutes";
}

TEST(LoopWatch, LetsAStreamPassThatEndsWhileItIsSuspected) {
  for (const Duration length : {300ms, 800ms, 1'000ms}) {
    Scene scene;
    std::size_t said = 0;
    scene.run(5s, [&](int ms) {
      if (ms * 1ms >= length) return;
      ++said;
      scene.come("/bang");
    });
    EXPECT_EQ(scene.out.size(), said);
    EXPECT_THAT(scene.found, IsEmpty());
  }
}

TEST(LoopWatch, StopsALoopThatAProbeShows) {
  Scene scene;
  scene.loops = true;
  scene.send("/round");
  scene.run(5s);
  EXPECT_THAT(scene.found, ElementsAre("comes back to it, from 127.0.0.1:5"));
  EXPECT_LT(scene.out.size(), LoopWatch::suspicious + 10);
  EXPECT_THAT(scene.coming, IsEmpty());
  // It says new things, each of which comes back once and no more.
  const std::size_t before = scene.left_out;
  scene.come("/new");
  scene.send("/from another peer");
  scene.run(5s);
  EXPECT_EQ(scene.left_out, before + 2);
  EXPECT_THAT(scene.coming, IsEmpty());
  scene.come("/new");
  EXPECT_EQ(scene.out.back(), "/new") << "not an echo any more";
}

TEST(LoopWatch, StopsALoopThatLetsNoProbeThrough) {
  for (const Duration delay : {1ms, 4ms}) {
    Scene scene;
    scene.loops = true;
    scene.lets_probes_through = false;
    scene.delay = delay;
    scene.send("/round");
    scene.run(5s);
    EXPECT_THAT(scene.found,
                ElementsAre("comes back to it (while nothing is sent, nothing comes)"));
    EXPECT_THAT(scene.coming, IsEmpty());
    EXPECT_GT(scene.left_out, 0U);
  }
}

TEST(LoopWatch, ForgetsALoopThatWasMended) {
  Scene scene;
  scene.loops = true;
  scene.send("/round");
  scene.run(5s);
  ASSERT_THAT(scene.found, SizeIs(1));
  scene.loops = false;
  scene.run(2 * LoopWatch::mended);
  EXPECT_EQ(scene.watch.next_timeout(), Deadline());
  scene.out.clear();
  for (int i = 0; i < 100; ++i)
    scene.come("/bang");
  EXPECT_THAT(scene.out, SizeIs(100));
}

TEST(LoopWatch, BelievesNoProbeThatItDidNotSend) {
  Scene scene;
  scene.watch.heard_probe(scene.now, other, 0, "");
  for (std::size_t i = 0; i <= LoopWatch::suspicious; ++i)
    scene.come("/bang");
  ASSERT_THAT(scene.probes, SizeIs(1));
  scene.watch.heard_probe(scene.now, other, 78, "");
  EXPECT_THAT(scene.found, IsEmpty());
  scene.watch.heard_probe(scene.now, other, 77, "");
  EXPECT_THAT(scene.found, ElementsAre("comes back to it"));
}

TEST(LoopWatch, LosesNothingWhenTheBridgeLeavesOrTooMuchIsHeld) {
  for (const bool leaves : {true, false}) {
    Scene scene;
    std::size_t said = 0;
    const auto bang = [&](int) {
      ++said;
      scene.come("/bang");
    };
    scene.run(750ms, bang);
    ASSERT_FALSE(scene.held.empty());
    if (leaves) {
      scene.watch.gone(other);
    } else {
      scene.watch.cannot_hold(scene.now, other);
    }
    EXPECT_THAT(scene.held, IsEmpty());
    EXPECT_EQ(scene.out.size(), said);
    EXPECT_EQ(scene.watch.next_timeout(), Deadline());
  }
}

TEST(LoopProbe, IsABundleWithoutElements) {
  const Bytes packet = loop_probe(0x0123456789abcdefU);
  EXPECT_EQ(to_hex(packet), "2362756e646c65000123456789abcdef");
  EXPECT_EQ(loop_probe_number(packet), 0x0123456789abcdefU);
  EXPECT_FALSE(loop_probe_number(ByteView(packet).first(15)));
  Bytes other_text = packet;
  other_text[1] = 'B';
  EXPECT_FALSE(loop_probe_number(other_text));
  other_text = packet;
  other_text.resize(36);
  EXPECT_FALSE(loop_probe_number(other_text)) << "not empty";
}

TEST(LoopProbes, MeetWhicheverComesFirst) {
  const Endpoint from = *Endpoint::parse("1.2.3.4:5");
  LoopProbes probes;
  EXPECT_FALSE(probes.announced(other, 1));
  EXPECT_EQ(probes.came(1, from), other);
  EXPECT_FALSE(probes.came(2, from));
  EXPECT_EQ(probes.announced(other, 2), from);
  for (std::uint64_t i = 3; i < 3 + LoopProbes::max_kept; ++i)
    EXPECT_FALSE(probes.came(i, from));
  EXPECT_FALSE(probes.announced(other, 2)) << "forgotten";
}

}  // namespace
}  // namespace roomwire::osc
