#include "room/outbox.hpp"

namespace roomwire::room {

void Outbox::push(std::shared_ptr<Outgoing> message, std::size_t next) {
  bytes_ += message->cost();
  if (message->automatic) ++automatic_;
  const auto [queue, is_new] = queues_.try_emplace(Key{message->token, message->chunks.action()});
  if (is_new) turns_.push_back(queue);
  queue->second.push_back({std::move(message), next});
}

std::shared_ptr<Outgoing> Outbox::advance() {
  const auto queue = turns_.front();
  std::deque<Entry>& entries = queue->second;
  std::shared_ptr<Outgoing> finished;
  if (++entries.front().next == entries.front().message->chunks.chunk_count()) {
    finished = std::move(entries.front().message);
    forget(*finished);
    entries.pop_front();
  }
  if (entries.empty()) {
    turns_.pop_front();
    queues_.erase(queue);
  } else {
    turns_.splice(turns_.end(), turns_, turns_.begin());
  }
  return finished;
}

std::vector<std::shared_ptr<Outgoing>> Outbox::drop(std::string_view token) {
  std::vector<std::shared_ptr<Outgoing>> dropped;
  for (auto turn = turns_.begin(); turn != turns_.end();) {
    const auto queue = *turn;
    if (queue->first.first != token) {
      ++turn;
      continue;
    }
    for (Entry& entry : queue->second) {
      forget(*entry.message);
      dropped.push_back(std::move(entry.message));
    }
    queues_.erase(queue);
    turn = turns_.erase(turn);
  }
  return dropped;
}

void Outbox::forget(const Outgoing& message) {
  bytes_ -= message.cost();
  if (message.automatic) --automatic_;
}

}  // namespace roomwire::room
