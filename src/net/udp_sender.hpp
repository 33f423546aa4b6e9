// The queue in front of a UDP socket: gathers datagrams into few system calls, and finds out what
// the kernel can do. The calls themselves come in from outside, so that tests can refuse them.
#pragma once

#include <base/address.hpp>
#include <cstdint>
#include <roomwire/payload.hpp>
#include <vector>

struct mmsghdr;

namespace roomwire::net {

/// The socket, non-blocking.
class UdpKernel {
 public:
  virtual ~UdpKernel() = default;
  /// As sendmmsg(2), but returns -errno.
  virtual int send_many(mmsghdr* messages, unsigned count) = 0;
  /// The first of `messages` as by sendmsg(2); 1, or -errno.
  virtual int send_one(mmsghdr* message) = 0;
};

class UdpSender {
 public:
  /// At most this much waits while the kernel takes nothing; beyond, the oldest quarter goes.
  static constexpr std::size_t max_queued_bytes = 2U << 20;
  static constexpr std::size_t max_queued_datagrams = 16'384;

  /// `kernel` outlives this.
  UdpSender(UdpKernel& kernel, bool segment_offload, bool batch)
      : kernel_(kernel), segment_(segment_offload), batch_(batch) {}

  void push(const Endpoint& remote, ByteView datagram);

  /// Sends what it can. False when the kernel takes no more for now: flush again when the socket
  /// is writable.
  bool flush();

  std::size_t queued_bytes() const { return bytes_.size() - sent_bytes_; }
  std::size_t queued() const { return entries_.size() - first_; }
  bool empty() const { return queued() == 0; }
  bool segment_offload() const { return segment_; }
  bool batch() const { return batch_; }
  std::uint64_t sent() const { return sent_; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  struct Entry {
    Endpoint remote;
    std::size_t size;
  };
  struct Batch;

  void fill(Batch& batch);
  std::size_t run_length(std::size_t first) const;
  bool handle_refusal(int error, std::size_t run);
  void drop_oldest();
  void consume(std::size_t entries);
  void compact();

  UdpKernel& kernel_;
  bool segment_;
  bool batch_;
  Bytes bytes_;  // of all entries, one after the other
  std::vector<Entry> entries_;
  std::size_t first_ = 0;        // entries before it are done
  std::size_t sent_bytes_ = 0;   // and so are these bytes
  std::size_t alone_until_ = 0;  // entries before it are sent one by one, after a refusal
  bool segment_suspect_ = false;
  std::uint64_t sent_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace roomwire::net
