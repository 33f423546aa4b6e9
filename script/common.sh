# Sourced by the other scripts: where things are, and how they speak.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
jobs=${ROOMWIRE_JOBS:-$(nproc)}

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi
step() { printf '%s==> %s%s\n' "$bold" "$*" "$plain" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# A clone in another folder finds what was compiled before.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1

# The node that the tests run on: the system's, or the one that script/setup had to bring.
PATH="$root/build/node/bin:$PATH"

configure() { # configure PRESET
  cmake --preset "$1" >"$root/build/$1-configure.log" 2>&1 ||
    { cat "$root/build/$1-configure.log" >&2; die "cmake could not configure the preset $1"; }
}
build() { # build PRESET [TARGET…]
  local preset=$1
  shift
  mkdir -p "$root/build"
  configure "$preset"
  cmake --build --preset "$preset" --parallel "$jobs" ${1:+--target "$@"}
}
