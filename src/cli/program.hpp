// The program, from its arguments to its exit code.
#pragma once

namespace roomwire::cli {

int run_program(int argc, char** argv);

}  // namespace roomwire::cli
