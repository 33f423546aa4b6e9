#include "cli/io/input_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <thread>
#include <vector>

#include "cli/pipe.hpp"

namespace roomwire::cli {
namespace {

using Mode = InputReader::Mode;
using testing::ElementsAre;

// What a reader delivered, and when it ended.
class Delivered {
 public:
  InputReader::Deliver deliver() {
    return [this](InputBatch batch) {
      const std::lock_guard lock(mutex_);
      for (NumberedInput& numbered : batch.inputs) {
        cost_ += cost_of(numbered.input);
        inputs_.push_back(std::move(numbered));
      }
      ended_ = batch.end;
      error_ = batch.error;
      changed_.notify_all();
    };
  }

  void wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return inputs_.size() >= count; });
  }
  void wait_for_end() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_; });
  }
  // The cost of all that came since the last call.
  std::size_t take_cost() {
    const std::lock_guard lock(mutex_);
    return std::exchange(cost_, 0);
  }
  bool ended() {
    const std::lock_guard lock(mutex_);
    return ended_;
  }
  std::string error() {
    const std::lock_guard lock(mutex_);
    return error_;
  }
  std::vector<NumberedInput> inputs() {
    const std::lock_guard lock(mutex_);
    return inputs_;
  }
  std::vector<std::string> strings() {
    std::vector<std::string> out;
    for (const NumberedInput& numbered : inputs()) {
      const auto* payload = std::get_if<Payload>(&numbered.input);
      const auto* text = payload != nullptr ? std::get_if<std::string>(payload) : nullptr;
      out.push_back(text != nullptr ? *text : "?");
    }
    return out;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<NumberedInput> inputs_;
  std::size_t cost_ = 0;
  bool ended_ = false;
  std::string error_;
};

TEST(InputReader, DeliversALineAtOnceAndTheEnd) {
  Pipe pipe;
  Delivered delivered;
  InputReader reader(pipe.read_end(), Mode::lines, 100, delivered.deliver());
  pipe.put("one\n");
  delivered.wait_for(1);
  EXPECT_FALSE(delivered.ended());
  pipe.put("two\nthree");
  pipe.close_write_end();
  delivered.wait_for_end();
  EXPECT_THAT(delivered.strings(), ElementsAre("one", "two", "three"));
  EXPECT_EQ(delivered.inputs().back().line, 3U);
  EXPECT_EQ(delivered.error(), "");
}

TEST(InputReader, TextLinesAreStrings) {
  Pipe pipe;
  Delivered delivered;
  InputReader reader(pipe.read_end(), Mode::text_lines, 100, delivered.deliver());
  pipe.put("1\n");
  pipe.close_write_end();
  delivered.wait_for_end();
  EXPECT_THAT(delivered.strings(), ElementsAre("1"));
}

TEST(InputReader, AByteOrderMarkIsNoContent) {
  for (const auto mode : {Mode::lines, Mode::text_lines}) {
    Pipe pipe;
    Delivered delivered;
    InputReader reader(pipe.read_end(), mode, 100, delivered.deliver());
    pipe.put("\xef\xbb");
    pipe.put(
        "\xbf"
        "first\n\xef\xbb\xbfsecond");
    pipe.close_write_end();
    delivered.wait_for_end();
    EXPECT_THAT(delivered.strings(), ElementsAre("first", "\xef\xbb\xbfsecond"))
        << "at the start alone: elsewhere it is a character";
  }
}

TEST(InputReader, JsonBehindAByteOrderMarkIsJson) {
  Pipe pipe;
  Delivered delivered;
  InputReader reader(pipe.read_end(), Mode::lines, 100, delivered.deliver());
  pipe.put("\xef\xbb\xbf{\"a\":1}\n");
  delivered.wait_for(1);
  const auto inputs = delivered.inputs();
  const auto& payload = std::get<Payload>(inputs[0].input);
  EXPECT_EQ(std::get<Json>(payload).text(), R"({"a":1})");
}

TEST(InputReader, AFileOfAByteOrderMarkAloneIsEmpty) {
  Pipe pipe;
  Delivered delivered;
  InputReader reader(pipe.read_end(), Mode::lines, 100, delivered.deliver());
  pipe.put("\xef\xbb\xbf");
  pipe.close_write_end();
  delivered.wait_for_end();
  EXPECT_THAT(delivered.inputs(), testing::IsEmpty());
}

TEST(InputReader, ALineBeyondTheBoundIsBadAndTheNextIsGood) {
  Pipe pipe;
  Delivered delivered;
  InputReader reader(pipe.read_end(), Mode::lines, 5, delivered.deliver());
  pipe.put("123456\nok\n");
  delivered.wait_for(2);
  const auto inputs = delivered.inputs();
  EXPECT_TRUE(std::holds_alternative<BadInput>(inputs[0].input));
  EXPECT_EQ(inputs[0].line, 1U);
  EXPECT_TRUE(std::holds_alternative<Payload>(inputs[1].input));
}

TEST(InputReader, AWholeIsOneMessageOfBytes) {
  Pipe pipe;
  Delivered delivered;
  InputReader reader(pipe.read_end(), Mode::whole, 100, delivered.deliver());
  pipe.put("a\n");
  pipe.put(std::string_view("\0b", 2));
  pipe.close_write_end();
  delivered.wait_for_end();
  const auto inputs = delivered.inputs();
  ASSERT_EQ(inputs.size(), 1U);
  EXPECT_EQ(std::get<Bytes>(std::get<Payload>(inputs[0].input)), (Bytes{'a', '\n', 0, 'b'}));
}

TEST(InputReader, AWholeBeyondTheBoundIsAnError) {
  Pipe pipe;
  Delivered delivered;
  InputReader reader(pipe.read_end(), Mode::whole, 3, delivered.deliver());
  pipe.put("1234");
  delivered.wait_for_end();
  EXPECT_THAT(delivered.error(), testing::HasSubstr("more than 3 bytes"));
  EXPECT_TRUE(delivered.inputs().empty());
}

TEST(InputReader, ADescriptorThatCannotBeReadIsAnError) {
  Pipe pipe;
  Delivered delivered;
  InputReader reader(pipe.write_end(), Mode::lines, 100, delivered.deliver());
  pipe.close_read_end();
  delivered.wait_for_end();
  EXPECT_NE(delivered.error(), "");
}

// What is not released holds the reader back: the writer fills the pipe and then waits.
TEST(InputReader, ReadsNoFasterThanItsInputsAreReleased) {
  Pipe pipe;
  Delivered delivered;
  InputReader reader(pipe.read_end(), Mode::lines, 100, delivered.deliver());
  constexpr std::size_t lines = 200'000;
  std::promise<void> written;
  std::thread writer([&] {
    std::string text;
    for (std::size_t i = 0; i < lines; ++i)
      text += "line\n";
    pipe.put(text);
    pipe.close_write_end();
    written.set_value();
  });
  std::size_t unreleased = 0;
  for (std::size_t seen = 0; seen < lines;) {
    delivered.wait_for(seen + 1);
    const std::size_t cost = delivered.take_cost();
    seen = delivered.inputs().size();
    unreleased = std::max(unreleased, cost);
    reader.release(cost);
  }
  delivered.wait_for_end();
  writer.join();
  // The window, and one read on top of it.
  EXPECT_LT(unreleased, (std::size_t{1} << 20U) + (std::size_t{1} << 20U));
  EXPECT_EQ(delivered.inputs().size(), lines);
}

TEST(InputReader, StopsWhileItWaitsForInputOrForRelease) {
  Pipe pipe;
  Delivered delivered;
  { InputReader waits_for_input(pipe.read_end(), Mode::lines, 100, delivered.deliver()); }
  InputReader reader(pipe.read_end(), Mode::lines, 1U << 21U, delivered.deliver());
  std::thread writer([&] { pipe.put(std::string(std::size_t{1} << 20U, 'x') + "\n"); });
  delivered.wait_for(1);
  writer.join();
  reader.stop();
  EXPECT_EQ(delivered.inputs().size(), 1U);
}

}  // namespace
}  // namespace roomwire::cli
