// Reading and writing wire formats: big-endian, bounds checked.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <roomwire/payload.hpp>
#include <string_view>

namespace roomwire {

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Takes fields off the front of a view. A read past the end fails, and so does every one after
/// it, so that a parser may check once, at its end.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : rest_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }

  /// The next `count` bytes, or an empty view and failure.
  ByteView take(std::size_t count) {
    if (failed_ || count > rest_.size()) {
      failed_ = true;
      return {};
    }
    const ByteView taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

  ByteView rest() const { return rest_; }
  bool failed() const { return failed_; }
  /// Everything was read and nothing was missing.
  bool finished() const { return !failed_ && rest_.empty(); }

 private:
  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : take(size))
      value = value << 8 | byte;
    return value;
  }

  ByteView rest_;
  bool failed_ = false;
};

/// Appends fields to a buffer that it borrows.
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(out) {}

  void u8(std::uint8_t value) { out_.push_back(value); }
  void u16(std::uint16_t value) { number(value, 2); }
  void u32(std::uint32_t value) { number(value, 4); }
  void u64(std::uint64_t value) { number(value, 8); }
  void bytes(ByteView view) { out_.insert(out_.end(), view.begin(), view.end()); }
  void zeros(std::size_t count) { out_.insert(out_.end(), count, 0); }
  std::size_t size() const { return out_.size(); }

 private:
  void number(std::uint64_t value, std::size_t size) {
    for (std::size_t i = size; i-- > 0;)
      out_.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  }

  Bytes& out_;
};

}  // namespace roomwire
