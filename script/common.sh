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

# The parts of a long script, and how long each took.
part_times=()
timed() { # timed NAME COMMAND…
  local name=$1 begin=$EPOCHREALTIME cpu_before code=0
  shift
  cpu_of_children cpu_before
  step "${name^}"
  "$@" || code=$?
  local cpu_after
  cpu_of_children cpu_after
  part_times+=("$(awk -v name="$name" -v a="$begin" \
    -v b="$EPOCHREALTIME" -v c="$cpu_before" -v d="$cpu_after" \
    'BEGIN { printf "%8.1f s  %8.1f s  %s", b - a, d - c, name }')")
  [ "$code" = 0 ] || die "$name: failed"
}
cpu_of_children() { # cpu_of_children VARIABLE: user seconds of what this shell has waited for
  mkdir -p "$root/build"
  times >"$root/build/times.txt" # in a subshell it would be the subshell's
  printf -v "$1" '%s' "$(awk 'NR == 2 { split($1, t, /[ms]/); print t[1] * 60 + t[2] }' \
    "$root/build/times.txt")"
}
say_times() {
  [ ${#part_times[@]} -gt 0 ] || return 0
  printf '%8s    %8s\n' time 'of CPUs' >&2
  printf '%s\n' "${part_times[@]}" >&2
}
