#include "cli/line_writer.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <future>

#include "cli/pipe.hpp"

namespace roomwire::cli {
namespace {

using namespace std::chrono_literals;

class LineWriterTest : public testing::Test {
 protected:
  LineWriterTest() { signal(SIGPIPE, SIG_IGN); }

  LineWriter::Events events() {
    return {[this] { room_.set_value(); }, [this] { failed_.set_value(); }};
  }

  Pipe pipe_;
  std::promise<void> room_;
  std::promise<void> failed_;
};

TEST_F(LineWriterTest, ALineIsWrittenAtOnce) {
  LineWriter writer(pipe_.write_end(), events());
  EXPECT_TRUE(writer.append("one\n"));
  EXPECT_EQ(pipe_.get(4), "one\n");
  EXPECT_TRUE(writer.append("two\n"));
  EXPECT_EQ(pipe_.get(4), "two\n");
}

TEST_F(LineWriterTest, FinishWritesAll) {
  const std::string text(std::size_t{3} << 20U, 'x');
  LineWriter writer(pipe_.write_end(), events());
  EXPECT_TRUE(writer.append(text));
  auto got = std::async(std::launch::async, [&] { return pipe_.get(text.size()); });
  EXPECT_EQ(writer.finish(std::nullopt), 0);
  EXPECT_EQ(got.get(), text);
}

TEST_F(LineWriterTest, TellsWhenItIsFullAndWhenNotAnyMore) {
  LineWriter writer(pipe_.write_end(), events());
  const std::string block(std::size_t{1} << 20U, 'x');
  std::size_t sent = block.size();
  while (writer.append(block)) {
    sent += block.size();
    ASSERT_LT(sent, std::size_t{64} << 20U);
  }
  auto got = std::async(std::launch::async, [&] { return pipe_.get(sent).size(); });
  room_.get_future().wait();
  EXPECT_TRUE(writer.append("more\n"));
  EXPECT_EQ(writer.finish(10s), 0);
  EXPECT_EQ(got.get(), sent);
}

TEST_F(LineWriterTest, NoticesThatTheReaderHasGoneBeforeItWrites) {
  LineWriter writer(pipe_.write_end(), events());
  pipe_.close_read_end();
  failed_.get_future().wait();
  EXPECT_TRUE(writer.append("lost\n"));
  EXPECT_EQ(writer.finish(std::nullopt), EPIPE);
}

TEST_F(LineWriterTest, NoticesThatTheReaderGoesWhileItWrites) {
  LineWriter writer(pipe_.write_end(), events());
  writer.append(std::string(std::size_t{1} << 20U, 'x'));
  pipe_.get(10);
  pipe_.close_read_end();
  failed_.get_future().wait();
  EXPECT_EQ(writer.finish(std::nullopt), EPIPE);
}

TEST_F(LineWriterTest, FinishGivesUpOnAReaderThatDoesNotRead) {
  LineWriter writer(pipe_.write_end(), events());
  writer.append(std::string(std::size_t{1} << 20U, 'x'));
  EXPECT_EQ(writer.finish(10ms), ETIMEDOUT);
}

TEST_F(LineWriterTest, ADescriptorThatCannotBeWrittenFails) {
  const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  {
    LineWriter writer(fd, events());
    writer.append("x");
    failed_.get_future().wait();
    EXPECT_EQ(writer.finish(std::nullopt), EBADF);
  }
  close(fd);
}

}  // namespace
}  // namespace roomwire::cli
