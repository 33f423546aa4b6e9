// Bytes that wait on disk, first in, first out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace roomwire::cli {

/// A ring in a file without a name, which the system removes with the process. The file is made
/// when it is first needed, in folder().
class Spool {
 public:
  explicit Spool(std::uint64_t bound) : bound_(bound) {}
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  std::uint64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// The bound is reached, or the disk refused to take more; until something is read.
  bool full() const { return size_ >= bound_ || refused_; }
  /// The errno with which the disk refused, or 0.
  int error() const { return error_; }
  /// $TMPDIR or /var/tmp.
  static std::string folder();

  /// How much of `bytes` it took, from the beginning; less when it is full.
  std::size_t write(std::string_view bytes);
  /// Takes up to `max` of the oldest bytes; at least one unless it is empty. False when they cannot
  /// be read: errno says why, and all is lost.
  bool read(std::string& out, std::size_t max);

 private:
  bool open();
  void rewind();

  std::uint64_t bound_;
  int fd_ = -1;
  std::uint64_t begin_ = 0;  // of the oldest byte, below bound_
  std::uint64_t size_ = 0;
  bool refused_ = false;
  int error_ = 0;
};

}  // namespace roomwire::cli
