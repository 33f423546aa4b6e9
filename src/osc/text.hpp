// A message as a line for people, like oscdump's.
#pragma once

#include <string>

#include "osc/message.hpp"

namespace roomwire::osc {

/// Appends `/address tags arg arg …`: numbers as they are, strings in quotes, blobs by their size.
/// Control characters and what is not UTF-8 become `?`; a text is cut after 200 bytes, and a
/// message after 32 arguments.
void append_text(const Message& message, std::string& out);

}  // namespace roomwire::osc
