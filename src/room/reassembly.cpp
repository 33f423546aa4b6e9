#include "room/reassembly.hpp"

#include <algorithm>
#include <tuple>

namespace roomwire::room {
namespace {

const char* const too_many_bytes = "too much waits for the rest of its messages";

}  // namespace

bool ReassemblyPool::make_room(std::size_t more) {
  while (bytes_ + more > max_bytes_) {
    // The one that holds the most pays: a greedy peer must not push out the messages of others.
    // When that is the message being added to, it is the one to go.
    const auto greediest = std::max_element(
        users_.begin(), users_.end(),
        [](const Reassembly* x, const Reassembly* y) { return x->bytes_ < y->bytes_; });
    if (greediest == users_.end() || !(*greediest)->drop_oldest(too_many_bytes)) return false;
  }
  return true;
}

bool ChunkCount::add(bool last, std::uint8_t progress) {
  // round(255 * seen / n) == progress, solved for n.
  const std::uint64_t seen = seen_ + 1;
  const std::uint64_t scaled = 510 * seen;
  const std::uint64_t least =
      std::max({least_, scaled / (2U * progress + 1), last ? seen : seen + 1});
  std::uint64_t most = std::min(most_, progress == 0 ? UINT64_MAX : scaled / (2U * progress - 1));
  if (last) most = std::min(most, seen);
  if (least > most) return false;
  seen_ = seen;
  least_ = least;
  most_ = most;
  return true;
}

Reassembly::Reassembly(ReassemblyPool& pool, Limits limits, OnDropped on_dropped)
    : pool_(pool), limits_(limits), on_dropped_(std::move(on_dropped)) {
  pool_.users_.push_back(this);
}

Reassembly::~Reassembly() {
  pool_.bytes_ -= bytes_;
  std::erase(pool_.users_, this);
}

bool Reassembly::Less::less(const KeyView& a, const KeyView& b) {
  if (a.room != b.room) return std::less<>()(a.room, b.room);
  return std::tie(a.action, a.nonce) < std::tie(b.action, b.nonce);
}

Reassembly::Message* Reassembly::add(RoomKey room, const Chunk& chunk) {
  const KeyView key{room, chunk.action, chunk.nonce};
  auto entry = pending_.find(key);
  const bool goes_on = entry != pending_.end() && !chunk.tag.metadata &&
                       entry->second.count.add(chunk.tag.last, chunk.progress);
  if (!goes_on) {
    if (entry != pending_.end()) {
      // Another message took the nonce: metadata comes first, and counts must fit.
      drop(entry->second, "a message without an end");
      pending_.erase(entry);
    }
    entry = begin_message(key);
    static_cast<void>(entry->second.count.add(chunk.tag.last, chunk.progress));
  }
  if (!append(entry->second, chunk)) {
    if (chunk.tag.last) pending_.erase(entry);
    return nullptr;
  }
  return chunk.tag.last ? finish(entry) : &entry->second.message;
}

void Reassembly::forget(RoomKey room) {
  auto entry = pending_.lower_bound(KeyView{room, {}, 0});
  while (entry != pending_.end() && entry->first.room == room) {
    release(entry->second);
    entry = pending_.erase(entry);
  }
}

Reassembly::Map::iterator Reassembly::begin_message(const KeyView& key) {
  if (pending_.size() >= limits_.max_messages) forget_oldest();
  const auto entry = pending_.try_emplace(Key{key.room, std::string(key.action), key.nonce}).first;
  entry->second.begun = ++begun_;
  return entry;
}

bool Reassembly::append(Pending& pending, const Chunk& chunk) {
  if (pending.dropped) return false;
  const Message& message = pending.message;
  const std::size_t size = message.data.size() + chunk.payload.size() +
                           (message.metadata ? message.metadata->text().size() : 0);
  if (size > limits_.max_message_bytes) {
    drop(pending, "a message larger than " + std::to_string(limits_.max_message_bytes) + " bytes");
    return false;
  }
  growing_ = &pending;
  const bool fits = chunk.tag.metadata ? append_metadata(pending, chunk.payload)
                                       : append_data(pending, chunk.payload);
  growing_ = nullptr;
  return fits;
}

bool Reassembly::append_metadata(Pending& pending, ByteView text) {
  if (!hold(pending, text.size())) return false;
  auto metadata = Json::parse(as_text(text));
  if (!metadata) {
    drop(pending, "metadata that is not JSON");
    return false;
  }
  pending.message.metadata = std::move(*metadata);
  return true;
}

bool Reassembly::append_data(Pending& pending, ByteView bytes) {
  Bytes& data = pending.message.data;
  const std::size_t size = data.size() + bytes.size();
  if (size > data.capacity()) {
    // What the vector holds is what counts, so it grows by a known step.
    const std::size_t grown = std::min(data.capacity() * 3 / 2, limits_.max_message_bytes);
    const std::size_t capacity = std::max(size, grown);
    if (!hold(pending, capacity - data.capacity())) return false;
    data.reserve(capacity);
  }
  data.insert(data.end(), bytes.begin(), bytes.end());
  return true;
}

bool Reassembly::hold(Pending& pending, std::size_t more) {
  bool fits = true;
  while (fits && bytes_ + more > limits_.max_bytes) {
    fits = drop_oldest(too_many_bytes);
  }
  if (!fits || !pool_.make_room(more)) {
    drop(pending, too_many_bytes);
    return false;
  }
  pending.held += more;
  bytes_ += more;
  pool_.bytes_ += more;
  return true;
}

Reassembly::Message* Reassembly::finish(Map::iterator entry) {
  release(entry->second);
  finished_ = std::move(entry->second.message);
  pending_.erase(entry);
  return &finished_;
}

void Reassembly::drop(Pending& pending, const std::string& reason) {
  if (pending.dropped) return;
  release(pending);
  pending.message = Message{};
  pending.dropped = true;
  on_dropped_(reason);
}

bool Reassembly::drop_oldest(const std::string& reason) {
  Pending* oldest = nullptr;
  for (auto& [key, pending] : pending_) {
    if (pending.held == 0 || &pending == growing_) continue;
    if (oldest == nullptr || pending.begun < oldest->begun) oldest = &pending;
  }
  if (oldest != nullptr) drop(*oldest, reason);
  return oldest != nullptr;
}

void Reassembly::forget_oldest() {
  const auto oldest = std::min_element(
      pending_.begin(), pending_.end(),
      [](const auto& a, const auto& b) { return a.second.begun < b.second.begun; });
  drop(oldest->second, "too many messages without an end");
  pending_.erase(oldest);
}

void Reassembly::release(Pending& pending) {
  bytes_ -= pending.held;
  pool_.bytes_ -= pending.held;
  pending.held = 0;
}

}  // namespace roomwire::room
