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

/// RFC 1982 arithmetic, as TSNs wrap.
bool is_after(std::uint32_t a, std::uint32_t b) {
  return a != b && static_cast<std::uint32_t>(a - b) < 0x80000000U;
}

/// Calls visit(type, length, tsn) for each chunk long enough to have a TSN behind its header.
template <class Visit>
void for_each_chunk(ByteView packet, const Visit& visit) {
  ByteReader reader(packet);
  reader.take(sctp_common_header);
  while (!reader.failed() && !reader.rest().empty()) {
    const std::uint8_t type = reader.u8();
    reader.u8();
    const std::size_t length = reader.u16();
    if (length < chunk_header) return;
    const ByteView body = reader.take(length - chunk_header);
    if (body.size() >= 4) visit(type, length, ByteReader(body).u32());
    reader.take(std::min((4 - length % 4) % 4, reader.rest().size()));
  }
}

}  // namespace

void SctpLedger::note_outgoing(ByteView packet) {
  bool has_data = false;
  for_each_chunk(packet, [&](std::uint8_t type, std::size_t length, std::uint32_t tsn) {
    if (type != data_chunk && type != interleaved_data_chunk) return;
    has_data = true;
    if (last_sent_ && !is_after(tsn, *last_sent_)) return;  // Sent again.
    last_sent_ = tsn;
    const std::size_t header = type == data_chunk ? data_header : interleaved_data_header;
    unsent_ -= std::min(unsent_, length - std::min(length, header));
  });
  if (has_data) ++packets_since_sack_;
}

void SctpLedger::note_incoming(ByteView packet) {
  for_each_chunk(packet, [this](std::uint8_t type, std::size_t /*length*/, std::uint32_t tsn) {
    if (type != sack_chunk) return;
    packets_since_sack_ = 0;
    if (!last_acknowledged_ || is_after(tsn, *last_acknowledged_)) last_acknowledged_ = tsn;
  });
}

bool SctpLedger::all_acknowledged() const {
  if (unsent_ > 0) return false;
  if (!last_sent_) return true;
  return last_acknowledged_ && !is_after(*last_sent_, *last_acknowledged_);
}

}  // namespace roomwire::rtc
