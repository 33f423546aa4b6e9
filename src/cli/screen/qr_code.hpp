// QR codes (ISO/IEC 18004), for a terminal and as an image.
#pragma once

#include <cstddef>
#include <roomwire/error.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace roomwire::cli {

class QrCode {
 public:
  /// Fails with limit when `text` is too long for any QR code (some 2,900 bytes).
  static Result<QrCode> of(std::string_view text);

  /// Modules on a side, without the quiet zone.
  std::size_t size() const { return size_; }
  /// Outside, all is light.
  bool is_dark(std::ptrdiff_t x, std::ptrdiff_t y) const;

  /// As lines of half blocks with a quiet zone of 4 modules around. In colours it is dark on light
  /// on any terminal; without, it is right where the background is dark.
  std::string as_text(bool in_colours) const;

  /// A PNG of 8 pixels a module, with the quiet zone. Fails with unavailable.
  Result<void> write_png(const std::string& path) const;

 private:
  std::size_t size_ = 0;
  std::vector<bool> dark_;  // row by row
};

}  // namespace roomwire::cli
