#include "osc/float_memory.hpp"

#include <algorithm>

namespace roomwire::osc {

FloatMemory::Entry* FloatMemory::find(std::string_view address) {
  const auto found = places_.find(address);
  if (found == places_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return &entries_.front();
}

void FloatMemory::remember(std::string_view address, std::size_t argument) {
  if (address.size() > max_address_size || argument >= max_arguments) return;
  Entry* entry = find(address);
  if (entry == nullptr) {
    if (entries_.size() == max_addresses) {
      places_.erase(entries_.back().address);
      entries_.pop_back();
    }
    entry = &entries_.emplace_front(Entry{std::string(address), {}});
    places_.emplace(entry->address, entries_.begin());
  }
  entry->floats.resize(std::max(entry->floats.size(), argument + 1));
  entry->floats[argument] = true;
}

bool FloatMemory::knows(std::string_view address, std::size_t argument) {
  const Entry* entry = find(address);
  return entry != nullptr && argument < entry->floats.size() && entry->floats[argument];
}

}  // namespace roomwire::osc
