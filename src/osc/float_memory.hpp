// Which arguments have carried a fraction: JSON writes the end of a fader, 1.0, as 1.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace roomwire::osc {

/// Bounded: of the addresses, the one that was not asked for longest is forgotten.
class FloatMemory {
 public:
  static constexpr std::size_t max_addresses = 4096;
  /// What lies beyond is not remembered.
  static constexpr std::size_t max_address_size = 256;
  static constexpr std::size_t max_arguments = 1024;

  /// `argument` counts from 0.
  void remember(std::string_view address, std::size_t argument);
  bool knows(std::string_view address, std::size_t argument);

  std::size_t size() const { return places_.size(); }

 private:
  struct Entry {
    std::string address;
    std::vector<bool> floats;
  };
  Entry* find(std::string_view address);

  std::list<Entry> entries_;  ///< The last that was asked for first.
  /// The keys are the texts of the entries.
  std::unordered_map<std::string_view, std::list<Entry>::iterator> places_;
};

}  // namespace roomwire::osc
