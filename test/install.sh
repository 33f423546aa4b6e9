#!/usr/bin/env bash
# Installs roomwire as it is distributed, and builds examples/chat on it as another project does:
# static and with the program; shared and alone; each found by CMake and by pkg-config. Two of each
# kind then talk through the relay:  install.sh BUILD-FOLDER
set -euo pipefail
source_folder=$(cd "$(dirname "$0")/.." && pwd)
build=$1
folder=$(mktemp -d)
finish() {
  pkill -P $$ || true # The relay and the programs are children of this shell.
  wait
  rm -rf "$folder"
}
trap finish EXIT
die() {
  echo "$*" >&2
  exit 1
}
setting() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"; } # setting NAME

# The libraries that only the program needs are hidden from this one.
build_shared() { # build_shared PREFIX
  local type flags
  type=$(setting CMAKE_BUILD_TYPE)
  flags=CMAKE_CXX_FLAGS_${type^^}
  cmake -S "$source_folder" -B "$build/shared" -G Ninja -DCMAKE_BUILD_TYPE="$type" \
    -D"$flags=$(setting "$flags")" -DCMAKE_CXX_COMPILER="$(setting CMAKE_CXX_COMPILER)" \
    -DROOMWIRE_SANITIZE="$(setting ROOMWIRE_SANITIZE)" \
    -DBUILD_SHARED_LIBS=ON -DROOMWIRE_PROGRAM=OFF -DROOMWIRE_TESTS=OFF \
    -DCMAKE_DISABLE_FIND_PACKAGE_CLI11=ON -DCMAKE_DISABLE_FIND_PACKAGE_fmt=ON \
    -DCMAKE_DISABLE_FIND_PACKAGE_PNG=ON >/dev/null
  cmake --build "$build/shared" --target roomwire
  cmake --install "$build/shared" --prefix "$1" >/dev/null
}

check_shared() { # check_shared PREFIX
  local library symbols
  library=$(find "$1" -name 'libroomwire.so.*.*.*')
  readelf -d "$library" | grep -q 'SONAME.*\[libroomwire\.so\.[0-9]*\.[0-9]*\]' ||
    die "$library has no SONAME that names its ABI"
  symbols=$(nm -DC --defined-only "$library" | cut -c20-)
  grep -q '^roomwire::Context::create' <<<"$symbols" || die "$library hides Context::create"
  # The layers' namespaces, and what base has: only the classes of include/roomwire are shown.
  if grep -E '^((vtable|typeinfo|typeinfo name) for )?roomwire::' <<<"$symbols" |
    grep -vE 'roomwire::(Context|Room|Action|Responder|Json|RelayUrl|size_of)\b'; then
    die "$library shows the above, which is private"
  fi
}

build_chats() { # build_chats NAME PREFIX: as build-NAME/chat and chat-NAME
  local libdir
  cmake -S "$source_folder/examples/chat" -B "$folder/build-$1" -G Ninja \
    -DCMAKE_PREFIX_PATH="$2" -DCMAKE_CXX_COMPILER="$(setting CMAKE_CXX_COMPILER)" \
    -DCMAKE_CXX_FLAGS="$sanitize" >/dev/null
  cmake --build "$folder/build-$1"
  libdir=$(dirname "$(find "$2" -name roomwire.pc)")
  export PKG_CONFIG_PATH=$libdir
  # shellcheck disable=SC2046
  "$(setting CMAKE_CXX_COMPILER)" -std=c++20 $sanitize "$source_folder/examples/chat/chat.cpp" \
    -o "$folder/chat-$1" $(pkg-config --cflags --libs roomwire) -Wl,-rpath,"$libdir/.."
  [ "$(pkg-config --modversion roomwire)" = "$(setting CMAKE_PROJECT_VERSION)" ] ||
    die "pkg-config gives another version than CMake"
}

await() { # await DESCRIPTOR TEXT: until a line that holds TEXT
  local line
  while read -r -t 120 -u "$1" line; do
    [[ $line == *"$2"* ]] && echo "$line" && return
    echo "$line" >&2
  done
  die "waited in vain for: $2"
}

talk() { # talk ONE OTHER: the other hears what is typed at the one
  local keyboard silence typist_says listener_says name=${1##*/}
  mkfifo "$folder/keyboard-$name" "$folder/silence-$name"
  exec {keyboard}<>"$folder/keyboard-$name" {silence}<>"$folder/silence-$name"
  exec {listener_says}< <(exec "$2" "$name" "$url" <&"$silence" 2>&1)
  exec {typist_says}< <(exec "$1" "$name" "$url" <&"$keyboard" 2>&1)
  await "$typist_says" ' joined' # By its own word: the other may know of the pair earlier.
  echo 'hello from the other' >&"$keyboard"
  await "$listener_says" ': hello from the other'
}

sanitize=${ROOMWIRE_SANITIZE:-$(setting ROOMWIRE_SANITIZE)}
sanitize=${sanitize:+-fsanitize=$sanitize}
cmake --install "$build" --prefix "$folder/static" >/dev/null
build_chats static "$folder/static"
build_shared "$folder/shared"
check_shared "$folder/shared"
build_chats shared "$folder/shared"

[ "$(setting ROOMWIRE_PROGRAM)" = OFF ] && exit
"$folder/static/bin/roomwire" --version
exec {relay_says}< <(exec "$folder/static/bin/roomwire" relay --listen 127.0.0.1:0 2>&1)
while read -r -t 120 -u "$relay_says" line; do
  case $line in *ws://*) url=ws://${line##*ws://} && break ;; esac
done
talk "$folder/build-static/chat" "$folder/build-shared/chat"
talk "$folder/chat-static" "$folder/chat-shared"
