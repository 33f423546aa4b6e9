#include "signal/early_candidates.hpp"

#include <algorithm>

namespace roomwire::signal {
namespace {

constexpr Duration lifetime = 30s;
constexpr std::size_t max_offers_of_a_peer = 8;
constexpr std::size_t max_candidates = 4096;

}  // namespace

bool CandidateSet::add(std::string_view text) {
  if (texts_.size() >= max_size) return false;
  if (std::find(texts_.begin(), texts_.end(), text) != texts_.end()) return false;
  texts_.emplace_back(text);
  return true;
}

EarlyCandidates::Entries::iterator EarlyCandidates::erase(Entries::iterator entry) {
  count_ -= entry->second.candidates.texts().size();
  return entries_.erase(entry);
}

void EarlyCandidates::make_room(const PeerId& peer) {
  std::size_t offers = 0;
  auto oldest = entries_.end();
  for (auto entry = entries_.lower_bound({peer, {}});
       entry != entries_.end() && entry->first.first == peer; ++entry) {
    ++offers;
    if (oldest == entries_.end() || entry->second.expires_at < oldest->second.expires_at) {
      oldest = entry;
    }
  }
  if (offers >= max_offers_of_a_peer) erase(oldest);
}

bool EarlyCandidates::keep(Time now, const PeerId& peer, const std::string& offer_id,
                           std::string_view candidate) {
  if (count_ >= max_candidates) return false;
  auto entry = entries_.find({peer, offer_id});
  if (entry == entries_.end()) {
    make_room(peer);
    entry = entries_.emplace(std::pair(peer, offer_id), Entry{now + lifetime, {}}).first;
  }
  if (!entry->second.candidates.add(candidate)) return false;
  ++count_;
  return true;
}

std::vector<std::string> EarlyCandidates::take(const PeerId& peer, const std::string& offer_id) {
  const auto entry = entries_.find({peer, offer_id});
  if (entry == entries_.end()) return {};
  std::vector<std::string> texts = entry->second.candidates.texts();
  erase(entry);
  return texts;
}

void EarlyCandidates::forget(const PeerId& peer) {
  auto entry = entries_.lower_bound({peer, {}});
  while (entry != entries_.end() && entry->first.first == peer)
    entry = erase(entry);
}

Deadline EarlyCandidates::next_timeout() const {
  Deadline next;
  for (const auto& [key, entry] : entries_)
    next = earlier(next, entry.expires_at);
  return next;
}

void EarlyCandidates::handle_timeout(Time now) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    entry = entry->second.expires_at <= now ? erase(entry) : std::next(entry);
  }
}

}  // namespace roomwire::signal
