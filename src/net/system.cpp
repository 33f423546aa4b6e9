#include "net/system.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace roomwire::net {

namespace {

// A generator without entropy cannot make a key: nothing sensible can go on.
void draw(std::span<std::uint8_t> out) {
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) std::abort();
}

}  // namespace

SystemEntropy::~SystemEntropy() {
  OPENSSL_cleanse(buffer_.data(), buffer_.size());
}

void SystemEntropy::fill(std::span<std::uint8_t> out) {
  while (out.size() >= buffer_.size()) {
    draw(out.first(buffer_.size()));
    out = out.subspan(buffer_.size());
  }
  if (out.size() > buffer_.size() - used_) {
    draw(buffer_);
    used_ = 0;
  }
  std::copy_n(buffer_.data() + used_, out.size(), out.data());
  // What was given away is nobody else's: keys are drawn from here.
  OPENSSL_cleanse(buffer_.data() + used_, out.size());
  used_ += out.size();
}

std::int64_t SystemWallClock::unix_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace roomwire::net
