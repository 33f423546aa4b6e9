// One TCP connection with OSC packets on it, whoever opened it.
#pragma once

#include <base/address.hpp>
#include <memory>
#include <net/byte_stream.hpp>
#include <net/loop.hpp>
#include <optional>
#include <osc/framing.hpp>
#include <roomwire/payload.hpp>
#include <string>
#include <vector>

#include "sockets/packet_queue.hpp"

namespace roomwire::sockets {

class TcpLink;

/// May close the link in each of them.
class TcpLinkOwner {
 public:
  virtual ~TcpLinkOwner() = default;
  virtual void on_link_packet(TcpLink& link, ByteView packet) = 0;
  /// Asked before each read; after false the link waits for resume().
  virtual bool may_read() const = 0;
  virtual void on_link_malformed(TcpLink& link, const std::string& reason) = 0;
  /// It speaks another framing than it was spoken to in; from now on it is answered in its own.
  virtual void on_link_framing(TcpLink& /*link*/, osc::Framing /*framing*/) {}
  /// The kernel took some of what was queued.
  virtual void on_link_progress(TcpLink& link) = 0;
  /// The last call. The link is closed.
  virtual void on_link_end(TcpLink& link, const std::string& reason) = 0;
};

class TcpLink : public std::enable_shared_from_this<TcpLink> {
 public:
  /// What a slow reader leaves is kept up to these bounds.
  static constexpr QueueBounds bounds{65'536, 16U << 20};

  /// `id`: the owner's. Packets go out in the framing that the first bytes which come in
  /// show; until then in `framing`, or without one they wait. `owner` outlives the link, or closes
  /// it.
  TcpLink(net::Loop& loop, net::ByteStream stream, TcpLinkOwner& owner, std::uint64_t id,
          std::optional<osc::Framing> framing);

  void start();
  void close();
  void resume();
  /// Queues a copy; how many of the oldest fell out of the full queue. It leaves at the end of the
  /// turn, together with others.
  std::size_t send(ByteView packet);
  bool is_open() const { return open_; }
  const PacketQueue& queue() const { return queue_; }
  /// Packets given to the kernel.
  std::uint64_t sent() const { return sent_; }
  std::uint64_t id() const { return id_; }
  const Endpoint& local() const { return local_; }
  const Endpoint& remote() const { return remote_; }

 private:
  void read();
  void handle(ByteView bytes);
  void write();
  void end(const std::string& reason);

  net::ByteStream stream_;
  TcpLinkOwner& owner_;
  const std::uint64_t id_;
  std::optional<osc::Framing> framing_;
  std::optional<osc::StreamDecoder> decoder_;
  PacketQueue queue_{bounds};
  Bytes reading_;
  Bytes writing_;
  net::TurnHook write_hook_;
  Endpoint local_;
  Endpoint remote_;
  std::uint64_t sent_ = 0;
  bool is_writing_ = false;
  bool paused_ = false;
  bool open_ = true;
};

}  // namespace roomwire::sockets
