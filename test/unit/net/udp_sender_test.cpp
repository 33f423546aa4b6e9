#include <gtest/gtest.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <net/socket_address.hpp>
#include <net/udp_sender.hpp>
#include <vector>

namespace roomwire::net {
namespace {

// Takes what it is told to, and keeps what it took as the datagrams that would go out.
class FakeKernel : public UdpKernel {
 public:
  struct Out {
    Endpoint remote;
    Bytes data;
    bool operator==(const Out&) const = default;
  };

  int send_many(mmsghdr* messages, unsigned count) override {
    ++calls;
    if (no_sendmmsg) return -ENOSYS;
    int taken = 0;
    for (; taken < static_cast<int>(count); ++taken) {
      const int result = take(messages[taken].msg_hdr);
      if (result < 0) return taken > 0 ? taken : result;
    }
    return taken;
  }

  int send_one(mmsghdr* message) override {
    ++calls;
    return take(message->msg_hdr);
  }

  std::vector<Out> out;
  std::vector<std::size_t> segments;  // of each message
  int calls = 0;
  bool no_sendmmsg = false;
  int segment_error = 0;            // answered to every segmented message
  std::deque<int> errors;           // answered to the next messages; 0 takes one
  Endpoint dead_remote;             // answered with EHOSTUNREACH
  std::size_t capacity = SIZE_MAX;  // messages until EAGAIN

 private:
  int take(msghdr& header) {
    const auto remote = from_socket_address(static_cast<sockaddr*>(header.msg_name));
    if (!errors.empty()) {
      const int error = errors.front();
      errors.pop_front();
      if (error != 0) return -error;
    }
    if (*remote == dead_remote) return -EHOSTUNREACH;
    std::size_t step = header.msg_iov->iov_len;
    if (const cmsghdr* control = CMSG_FIRSTHDR(&header)) {
      if (segment_error != 0) return -segment_error;
      std::uint16_t size = 0;
      std::memcpy(&size, CMSG_DATA(control), sizeof size);
      step = size;
    }
    if (capacity == 0) return -EAGAIN;
    --capacity;
    const auto* data = static_cast<const std::uint8_t*>(header.msg_iov->iov_base);
    std::size_t count = 0;
    for (std::size_t at = 0; at == 0 || at < header.msg_iov->iov_len; at += step) {
      const std::size_t size = std::min(step, header.msg_iov->iov_len - at);
      out.push_back({*remote, Bytes(data + at, data + at + size)});
      ++count;
      if (step == 0) break;
    }
    segments.push_back(count);
    return 1;
  }
};

Endpoint remote(int n) {
  return {IpAddress::v4({192, 0, 2, static_cast<std::uint8_t>(n)}),
          static_cast<std::uint16_t>(5'000 + n)};
}

class UdpSenderTest : public testing::Test {
 protected:
  void push(UdpSender& sender, int to, std::size_t size) {
    Bytes data(size, next_++);
    sender.push(remote(to), data);
    expected_.push_back({remote(to), std::move(data)});
  }

  FakeKernel kernel_;
  std::vector<FakeKernel::Out> expected_;

 private:
  std::uint8_t next_ = 0;
};

TEST_F(UdpSenderTest, JoinsEqualSizesToOneRemoteAndEndsARunWithAShorterOne) {
  UdpSender sender(kernel_, true, true);
  for (const std::size_t size : {100U, 100U, 100U, 40U, 40U, 50U, 0U, 50U})
    push(sender, 1, size);
  push(sender, 2, 50);
  push(sender, 2, 50);
  push(sender, 1, 50);
  EXPECT_TRUE(sender.flush());
  EXPECT_EQ(kernel_.out, expected_);
  EXPECT_EQ(kernel_.segments, (std::vector<std::size_t>{4, 1, 1, 1, 1, 2, 1}));
  EXPECT_EQ(kernel_.calls, 1);
  EXPECT_EQ(sender.sent(), expected_.size());
  EXPECT_TRUE(sender.empty());
}

TEST_F(UdpSenderTest, KeepsTheLimitsOfTheKernel) {
  UdpSender sender(kernel_, true, true);
  for (int i = 0; i < 150; ++i)
    push(sender, 1, 10);
  for (int i = 0; i < 100; ++i)
    push(sender, 1, 1'200);
  EXPECT_TRUE(sender.flush());
  EXPECT_EQ(kernel_.out, expected_);
  EXPECT_EQ(kernel_.segments, (std::vector<std::size_t>{64, 64, 22, 54, 46}));
}

TEST_F(UdpSenderTest, SendsWithoutSegmentsOrBatchesWhenToldTo) {
  for (const bool batch : {false, true}) {
    FakeKernel kernel;
    expected_.clear();
    UdpSender sender(kernel, false, batch);
    for (int i = 0; i < 130; ++i)
      push(sender, 1, 10);
    EXPECT_TRUE(sender.flush());
    EXPECT_EQ(kernel.out, expected_);
    EXPECT_EQ(kernel.calls, batch ? 3 : 130);
  }
}

TEST_F(UdpSenderTest, GivesUpSegmentsWhenTheSameDatagramsGoAlone) {
  for (const int error : {EIO, EINVAL, EOPNOTSUPP, EMSGSIZE}) {
    FakeKernel kernel;
    kernel.segment_error = error;
    expected_.clear();
    UdpSender sender(kernel, true, true);
    push(sender, 2, 7);
    for (int i = 0; i < 10; ++i)
      push(sender, 1, 10);
    EXPECT_TRUE(sender.flush());
    EXPECT_EQ(kernel.out, expected_);
    EXPECT_FALSE(sender.segment_offload());
    EXPECT_EQ(sender.dropped(), 0U);
  }
}

TEST_F(UdpSenderTest, ARemoteThatCannotBeSentToDoesNotCostTheOthersTheirSegments) {
  UdpSender sender(kernel_, true, true);
  // The kernel refuses the run and each of its datagrams: it is not the segmenting.
  for (int i = 0; i < 3; ++i)
    push(sender, 1, 10);
  kernel_.errors = {EINVAL, EINVAL, EINVAL, EINVAL};
  expected_.clear();
  for (int i = 0; i < 3; ++i)
    push(sender, 2, 10);
  EXPECT_TRUE(sender.flush());
  EXPECT_EQ(kernel_.out, expected_);
  EXPECT_EQ(sender.dropped(), 3U);
  EXPECT_TRUE(sender.segment_offload());
  EXPECT_EQ(kernel_.segments, std::vector<std::size_t>{3});
}

TEST_F(UdpSenderTest, GivesUpSendmmsgWhereThereIsNone) {
  kernel_.no_sendmmsg = true;
  UdpSender sender(kernel_, true, true);
  for (int i = 0; i < 10; ++i)
    push(sender, i % 2, 10);
  EXPECT_TRUE(sender.flush());
  EXPECT_EQ(kernel_.out, expected_);
  EXPECT_FALSE(sender.batch());
}

TEST_F(UdpSenderTest, DropsWhatIsRefusedAndGoesOn) {
  kernel_.dead_remote = remote(1);
  UdpSender sender(kernel_, true, true);
  push(sender, 1, 10);
  expected_.clear();
  push(sender, 2, 10);
  sender.push(remote(1), Bytes(9));
  sender.push(remote(1), Bytes(9));
  push(sender, 3, 10);
  EXPECT_TRUE(sender.flush());
  EXPECT_EQ(kernel_.out, expected_);
  EXPECT_EQ(sender.sent(), 2U);
  EXPECT_EQ(sender.dropped(), 3U);
}

TEST_F(UdpSenderTest, ContinuesAfterASignal) {
  kernel_.errors = {EINTR, 0, EINTR};
  UdpSender sender(kernel_, true, true);
  push(sender, 1, 10);
  push(sender, 2, 10);
  EXPECT_TRUE(sender.flush());
  EXPECT_EQ(kernel_.out, expected_);
}

TEST_F(UdpSenderTest, KeepsTheRestInOrderWhileTheKernelIsFull) {
  kernel_.capacity = 5;
  UdpSender sender(kernel_, true, true);
  for (int i = 0; i < 200; ++i)
    push(sender, i % 3, 10);
  EXPECT_FALSE(sender.flush());
  EXPECT_EQ(kernel_.out.size(), 5U);
  push(sender, 1, 10);
  EXPECT_FALSE(sender.flush());
  kernel_.capacity = SIZE_MAX;
  EXPECT_TRUE(sender.flush());
  EXPECT_EQ(kernel_.out, expected_);
}

TEST_F(UdpSenderTest, DropsTheOldestBeyondItsBound) {
  kernel_.capacity = 0;
  UdpSender sender(kernel_, true, true);
  for (int i = 0; i < 4'000; ++i)
    push(sender, 1, 1'200);
  EXPECT_FALSE(sender.flush());
  EXPECT_LE(sender.queued_bytes(), UdpSender::max_queued_bytes);
  EXPECT_GE(sender.queued_bytes(), UdpSender::max_queued_bytes / 2);
  kernel_.capacity = SIZE_MAX;
  EXPECT_TRUE(sender.flush());
  ASSERT_EQ(sender.sent() + sender.dropped(), expected_.size());
  const std::vector<FakeKernel::Out> newest(
      expected_.end() - static_cast<std::ptrdiff_t>(sender.sent()), expected_.end());
  EXPECT_EQ(kernel_.out, newest);
}

TEST_F(UdpSenderTest, BoundsEmptyDatagramsToo) {
  kernel_.capacity = 0;
  UdpSender sender(kernel_, true, true);
  for (int i = 0; i < 100'000; ++i)
    push(sender, 1, 0);
  EXPECT_LE(sender.queued(), UdpSender::max_queued_datagrams);
}

}  // namespace
}  // namespace roomwire::net
