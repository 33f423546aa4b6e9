// Reads messages from a file descriptor in a thread of its own, no faster than they are sent.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cli/io/input_lines.hpp"
#include "cli/io/wake_event.hpp"

namespace roomwire::cli {

struct NumberedInput {
  std::size_t line = 0;  ///< From 1; 0 when the input was not cut into lines.
  Input input;
};

/// What one read() gave. Messages come in batches because handing over each alone would cost more
/// than sending it; a batch never waits for more to come.
struct InputBatch {
  std::vector<NumberedInput> inputs;
  bool end = false;   ///< Nothing comes after it.
  std::string error;  ///< Why it ended, if not well.
};

class InputReader {
 public:
  enum class Mode {
    lines,       ///< One message a line; JSON as its value.
    text_lines,  ///< One message a line; always a string.
    whole,       ///< All there is, as one message of bytes.
  };
  /// Called on the reader's thread.
  using Deliver = std::function<void(InputBatch)>;

  /// Borrows `fd`. Messages may be `max_message` bytes long; a longer line is a BadInput, a longer
  /// whole an error.
  InputReader(int fd, Mode mode, std::size_t max_message, Deliver deliver);
  ~InputReader() { stop(); }
  InputReader(const InputReader&) = delete;
  InputReader& operator=(const InputReader&) = delete;

  /// Inputs of this cost (see cost_of) are dealt with. While more than 1 MiB is not, nothing is
  /// read; so memory stays flat. From any thread.
  void release(std::size_t cost);

  /// No deliver() runs once this has returned.
  void stop();

 private:
  void run();
  bool wait_for_room();
  bool wait_for_input() const;
  InputBatch next_batch();
  InputBatch batch_of(std::string_view text);
  InputBatch last_batch();
  void take_line(InputBatch& batch, std::string_view line, bool too_long);

  const int fd_;
  const Mode mode_;
  const std::size_t max_message_;
  const Deliver deliver_;

  LineSplitter splitter_;  // these four: the reader's thread alone
  std::size_t line_ = 0;
  Bytes whole_;
  std::string buffer_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t in_flight_ = 0;
  bool stopping_ = false;
  WakeEvent wake_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace roomwire::cli
