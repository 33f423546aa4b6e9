#include "cli/screen/qr_code.hpp"

#include <png.h>
#include <qrencode.h>

#include <cstdint>
#include <memory>

#include "cli/io/whole_file.hpp"
#include "cli/screen/text.hpp"

namespace roomwire::cli {
namespace {

constexpr std::ptrdiff_t quiet_zone = 4;  // ISO/IEC 18004 section 6.3.8
constexpr std::size_t pixels_a_module = 8;
// Of the 256 colours those that no theme changes: black on white.
constexpr std::string_view black_on_white = "\x1b[38;5;16;48;5;231m";

struct Code {
  std::unique_ptr<QRcode, decltype(&QRcode_free)> code{nullptr, QRcode_free};
};

Code encode(std::string_view text, QRecLevel level) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  Code out;
  out.code.reset(QRcode_encodeData(static_cast<int>(text.size()), bytes, 0, level));
  return out;
}

}  // namespace

Result<QrCode> QrCode::of(std::string_view text) {
  constexpr std::size_t most = 2953;  // bytes in version 40 at level L
  Code made;
  if (!text.empty() && text.size() <= most) {
    made = encode(text, QR_ECLEVEL_M);
    if (!made.code) made = encode(text, QR_ECLEVEL_L);
  }
  if (!made.code) {
    return failure(ErrorKind::limit, "no QR code holds " + std::to_string(text.size()) +
                                         " bytes; choose a shorter room or link");
  }
  QrCode out;
  out.size_ = static_cast<std::size_t>(made.code->width);
  out.dark_.resize(out.size_ * out.size_);
  for (std::size_t i = 0; i < out.dark_.size(); ++i)
    out.dark_[i] = (made.code->data[i] & 1U) != 0;
  return out;
}

bool QrCode::is_dark(std::ptrdiff_t x, std::ptrdiff_t y) const {
  const auto side = static_cast<std::ptrdiff_t>(size_);
  if (x < 0 || y < 0 || x >= side || y >= side) return false;
  return dark_[static_cast<std::size_t>(y * side + x)];
}

std::string QrCode::as_text(bool in_colours) const {
  const auto end = static_cast<std::ptrdiff_t>(size_) + quiet_zone;
  std::string out;
  for (std::ptrdiff_t y = -quiet_zone; y < end; y += 2) {
    if (in_colours) out += black_on_white;
    for (std::ptrdiff_t x = -quiet_zone; x < end; ++x) {
      // In colours a block is dark, without them it is light.
      const bool upper = is_dark(x, y) == in_colours;
      const bool lower = is_dark(x, y + 1) == in_colours;
      out += upper && lower ? "█" : upper ? "▀" : lower ? "▄" : " ";
    }
    if (in_colours) out += "\x1b[0m";
    out += '\n';
  }
  return out;
}

Result<void> QrCode::write_png(const std::string& path) const {
  const std::size_t side = (size_ + 2 * quiet_zone) * pixels_a_module;
  std::vector<std::uint8_t> pixels(side * side);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const auto module_of = [](std::size_t pixel) {
      return static_cast<std::ptrdiff_t>(pixel / pixels_a_module) - quiet_zone;
    };
    pixels[i] = is_dark(module_of(i % side), module_of(i / side)) ? 0 : 0xff;
  }
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(side);
  image.height = image.width;
  image.format = PNG_FORMAT_GRAY;
  std::string png(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = png.size();
  if (png_image_write_to_memory(&image, png.data(), &size, 0, pixels.data(), 0, nullptr) == 0) {
    return failure(ErrorKind::unavailable, "cannot make the image: " + printable(image.message));
  }
  png.resize(size);
  const auto written = write_whole_file(path, png, 0644, Overwrite::yes);
  if (written) return {};
  return failure(written.error().kind, "cannot write " + written.error().message);
}

}  // namespace roomwire::cli
