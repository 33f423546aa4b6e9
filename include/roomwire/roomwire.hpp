// Everything: #include <roomwire/roomwire.hpp>
#pragma once

#include <roomwire/context.hpp>
#include <roomwire/error.hpp>
#include <roomwire/export.hpp>
#include <roomwire/ids.hpp>
#include <roomwire/options.hpp>
#include <roomwire/payload.hpp>
#include <roomwire/relay_url.hpp>
#include <roomwire/room.hpp>
#include <roomwire/status.hpp>
