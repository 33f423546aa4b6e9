#include "cli/io/line_writer.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <future>
#include <semaphore>

#include "cli/pipe.hpp"

namespace roomwire::cli {
namespace {

using namespace std::chrono_literals;

class LineWriterTest : public testing::Test {
 protected:
  LineWriterTest() { signal(SIGPIPE, SIG_IGN); }

  using Taken = LineWriter::Taken;
  static constexpr std::size_t block_size = std::size_t{1} << 20U;

  // Block number `n`, which is not like any other.
  static std::string block(std::size_t n) {
    std::string out(block_size, static_cast<char>('a' + n % 26));
    out.back() = '\n';
    return out;
  }
  LineWriter::Patience patience(std::uint64_t spool) const {
    return {std::size_t{4} << 20U, spool, wait_};
  }

  LineWriter::Events events() {
    return {[this] { room_.set_value(); }, [this] { failed_.set_value(); }};
  }

  // For those who are told more than once.
  LineWriter::Events every_room() {
    return {[this] { rooms_.release(); }, [this] { failed_.set_value(); }};
  }
  void wait_for_room() { rooms_.acquire(); }

  std::counting_semaphore<> rooms_{0};
  std::chrono::milliseconds wait_{1};
  Pipe pipe_;
  std::promise<void> room_;
  std::promise<void> failed_;
};

TEST_F(LineWriterTest, ALineIsWrittenAtOnce) {
  LineWriter writer(pipe_.write_end(), patience(0), events());
  EXPECT_EQ(writer.append("one\n"), Taken::yes);
  EXPECT_EQ(pipe_.get(4), "one\n");
  EXPECT_EQ(writer.append("two\n"), Taken::yes);
  EXPECT_EQ(pipe_.get(4), "two\n");
}

TEST_F(LineWriterTest, FinishWritesAll) {
  const std::string text(std::size_t{3} << 20U, 'x');
  LineWriter writer(pipe_.write_end(), patience(0), events());
  EXPECT_EQ(writer.append(text), Taken::yes);
  auto got = std::async(std::launch::async, [&] { return pipe_.get(text.size()); });
  EXPECT_EQ(writer.finish(std::nullopt), 0);
  EXPECT_EQ(got.get(), text);
}

TEST_F(LineWriterTest, TellsWhenItIsFullAndWhenNotAnyMore) {
  wait_ = 1h;
  LineWriter writer(pipe_.write_end(), patience(0), events());
  std::size_t sent = block_size;
  while (writer.append(block(0)) == Taken::yes) {
    sent += block_size;
    ASSERT_LT(sent, std::size_t{64} << 20U);
  }
  auto got = std::async(std::launch::async, [&] { return pipe_.get(sent).size(); });
  room_.get_future().wait();
  EXPECT_EQ(writer.append("more\n"), Taken::yes);
  EXPECT_EQ(writer.finish(10s), 0);
  EXPECT_EQ(got.get(), sent);
}

TEST_F(LineWriterTest, KeepsOnDiskWhatAStandingReaderDoesNotTake) {
  LineWriter writer(pipe_.write_end(), patience(std::uint64_t{1} << 30U), every_room());
  std::string all;
  for (std::size_t n = 0; n < 40; ++n) {
    const std::string text = block(n);
    if (writer.append(text) == Taken::full) wait_for_room();
    all += text;
  }
  auto got = std::async(std::launch::async, [&] { return pipe_.get(all.size()); });
  EXPECT_EQ(writer.finish(std::nullopt), 0);
  EXPECT_TRUE(got.get() == all) << "whole and in order";
  EXPECT_EQ(writer.unwritten(), 0U);
}

TEST_F(LineWriterTest, RefusesWhenTheDiskIsFullTooAndTakesAgainWhenItIsRead) {
  LineWriter writer(pipe_.write_end(), patience(std::uint64_t{3} << 20U), every_room());
  std::string kept;
  std::size_t lost = 0;
  for (std::size_t n = 0; n < 40; ++n) {
    const std::string text = block(n);
    const Taken taken = writer.append(text);
    if (taken == Taken::no) {
      ++lost;
      continue;
    }
    if (taken == Taken::full) wait_for_room();
    kept += text;
  }
  EXPECT_GE(lost, 25U) << "4 MiB in memory, as much on its way, 3 on disk";
  EXPECT_LE(lost, 36U);
  EXPECT_EQ(pipe_.get(kept.size()).size(), kept.size()) << "what was taken comes";
  EXPECT_NE(writer.append("more\n"), Taken::no);
  EXPECT_EQ(pipe_.get(5), "more\n");
  EXPECT_EQ(writer.finish(std::nullopt), 0);
}

TEST_F(LineWriterTest, WithoutPatienceItRefusesAtOnce) {
  wait_ = 0ms;
  LineWriter writer(pipe_.write_end(), patience(0), every_room());
  std::size_t taken = 0;
  while (writer.append(block(0)) == Taken::yes)
    ASSERT_LT(++taken, 64U);
  EXPECT_GE(taken, 4U);
  EXPECT_EQ(writer.finish(10ms), ETIMEDOUT);
  EXPECT_GE(writer.unwritten(), (taken - 1) * block_size);
}

TEST_F(LineWriterTest, ADiskThatCannotBeUsedIsAFullOne) {
  ASSERT_EQ(setenv("TMPDIR", "/nonexistent", 1), 0);
  LineWriter writer(pipe_.write_end(), patience(std::uint64_t{1} << 30U), every_room());
  Taken taken = Taken::yes;
  for (std::size_t n = 0; n < 64 && taken != Taken::no; ++n) {
    taken = writer.append(block(n));
    if (taken == Taken::full) wait_for_room();
  }
  EXPECT_EQ(taken, Taken::no);
  unsetenv("TMPDIR");
}

TEST_F(LineWriterTest, NoticesThatTheReaderHasGoneBeforeItWrites) {
  LineWriter writer(pipe_.write_end(), patience(0), events());
  pipe_.close_read_end();
  failed_.get_future().wait();
  EXPECT_EQ(writer.append("lost\n"), Taken::yes);
  EXPECT_EQ(writer.finish(std::nullopt), EPIPE);
}

TEST_F(LineWriterTest, NoticesThatTheReaderGoesWhileItWrites) {
  LineWriter writer(pipe_.write_end(), patience(0), events());
  writer.append(std::string(std::size_t{1} << 20U, 'x'));
  pipe_.get(10);
  pipe_.close_read_end();
  failed_.get_future().wait();
  EXPECT_EQ(writer.finish(std::nullopt), EPIPE);
}

TEST_F(LineWriterTest, FinishGivesUpOnAReaderThatDoesNotRead) {
  LineWriter writer(pipe_.write_end(), patience(0), events());
  writer.append(std::string(std::size_t{1} << 20U, 'x'));
  EXPECT_EQ(writer.finish(10ms), ETIMEDOUT);
}

TEST_F(LineWriterTest, ADescriptorThatCannotBeWrittenFails) {
  const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  {
    LineWriter writer(fd, patience(0), events());
    writer.append("x");
    failed_.get_future().wait();
    EXPECT_EQ(writer.finish(std::nullopt), EBADF);
  }
  close(fd);
}

}  // namespace
}  // namespace roomwire::cli
