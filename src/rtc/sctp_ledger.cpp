#include "rtc/sctp_ledger.hpp"

#include <algorithm>

namespace roomwire::rtc {
namespace {

constexpr std::size_t chunk_header = 4;

// RFC 9260 section 3.2; I-DATA: RFC 8260 section 2.1. Sizes include the chunk header.
constexpr std::uint8_t data_chunk = 0;
constexpr std::size_t data_header = 16;
constexpr std::uint8_t interleaved_data_chunk = 64;
constexpr std::size_t interleaved_data_header = 20;
constexpr std::uint8_t sack_chunk = 3;
constexpr std::uint8_t immediate_flag = 0x08;

bool has_data(std::uint8_t type) {
  return type == data_chunk || type == interleaved_data_chunk;
}

/// RFC 1982 arithmetic, as TSNs wrap.
bool is_after(std::uint32_t a, std::uint32_t b) {
  return a != b && static_cast<std::uint32_t>(a - b) < 0x80000000U;
}

struct Chunk {
  std::size_t offset;  ///< In the packet.
  std::uint8_t type;
  std::size_t length;  ///< With its header.
  std::uint32_t tsn;
};

/// Calls visit(chunk) for each chunk long enough to have a TSN behind its header.
template <class Visit>
void for_each_chunk(ByteView packet, const Visit& visit) {
  ByteReader reader(packet);
  reader.take(sctp_common_header);
  while (!reader.failed() && !reader.rest().empty()) {
    const std::size_t offset = packet.size() - reader.rest().size();
    const std::uint8_t type = reader.u8();
    reader.u8();
    const std::size_t length = reader.u16();
    if (length < chunk_header) return;
    const ByteView body = reader.take(length - chunk_header);
    if (body.size() >= 4) visit(Chunk{offset, type, length, ByteReader(body).u32()});
    reader.take(std::min((4 - length % 4) % 4, reader.rest().size()));
  }
}

}  // namespace

void request_sack(std::span<std::uint8_t> packet) {
  for_each_chunk(packet, [&](const Chunk& chunk) {
    if (has_data(chunk.type)) packet[chunk.offset + 1] |= immediate_flag;
  });
}

void SctpLedger::note_outgoing(ByteView packet) {
  bool any_data = false;
  for_each_chunk(packet, [&](const Chunk& chunk) {
    if (chunk.type == sack_chunk) packets_to_acknowledge_ = 0;
    if (!has_data(chunk.type)) return;
    any_data = true;
    if (last_sent_ && !is_after(chunk.tsn, *last_sent_)) return;  // Sent again.
    last_sent_ = chunk.tsn;
    const std::size_t header = chunk.type == data_chunk ? data_header : interleaved_data_header;
    unsent_ -= std::min(unsent_, chunk.length - std::min(chunk.length, header));
  });
  if (any_data) ++packets_since_sack_;
}

void SctpLedger::note_incoming(ByteView packet) {
  bool any_data = false;
  for_each_chunk(packet, [&](const Chunk& chunk) {
    any_data = any_data || has_data(chunk.type);
    if (chunk.type != sack_chunk) return;
    packets_since_sack_ = 0;
    if (!last_acknowledged_ || is_after(chunk.tsn, *last_acknowledged_))
      last_acknowledged_ = chunk.tsn;
  });
  if (any_data) ++packets_to_acknowledge_;
}

bool SctpLedger::all_acknowledged() const {
  if (unsent_ > 0) return false;
  if (!last_sent_) return true;
  return last_acknowledged_ && !is_after(*last_sent_, *last_acknowledged_);
}

}  // namespace roomwire::rtc
