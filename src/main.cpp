#include "cli/program.hpp"

int main(int argc, char** argv) {
  return roomwire::cli::run_program(argc, argv);
}
