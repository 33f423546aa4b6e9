// Enter on the terminal that the program was started from.
#pragma once

#include <functional>
#include <thread>

#include "cli/io/wake_event.hpp"

namespace roomwire::cli {

/// Reads lines of standard input while the program is in the terminal's foreground, so the
/// terminal stays as it is, and nothing must be put back when the program dies.
class EnterKey {
 public:
  /// `on_enter` is called on a thread of its own. Does nothing when standard input is no terminal.
  explicit EnterKey(std::function<void()> on_enter);
  ~EnterKey();
  EnterKey(const EnterKey&) = delete;
  EnterKey& operator=(const EnterKey&) = delete;

 private:
  void run() const;

  std::function<void()> on_enter_;
  WakeEvent stop_;
  std::thread thread_;
};

}  // namespace roomwire::cli
