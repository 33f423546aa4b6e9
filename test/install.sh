#!/usr/bin/env bash
# Installs roomwire into a folder of its own, builds examples/chat with find_package(roomwire), and
# lets two of it talk through the relay:  install.sh BUILD-FOLDER ROOMWIRE
set -euo pipefail
source_folder=$(cd "$(dirname "$0")/.." && pwd)
build=$1
roomwire=$2
folder=$(mktemp -d)
finish() {
  pkill -P $$ || true # The relay and both programs are children of this shell.
  wait
  rm -rf "$folder"
}
trap finish EXIT

cmake --install "$build" --prefix "$folder/prefix" >/dev/null
"$folder/prefix/bin/roomwire" --version
cmake -S "$source_folder/examples/chat" -B "$folder/build" -G Ninja \
  -DCMAKE_PREFIX_PATH="$folder/prefix" >/dev/null
cmake --build "$folder/build"

exec {relay_says}< <(exec "$roomwire" relay --listen 127.0.0.1:0 2>&1)
while read -r -t 120 -u "$relay_says" line; do
  case $line in *ws://*) url=ws://${line##*ws://} && break ;; esac
done
mkfifo "$folder/keyboard" "$folder/silence"
exec {keyboard}<>"$folder/keyboard" {silence}<>"$folder/silence"
exec {listener_says}< <(exec "$folder/build/chat" test "$url" <&"$silence" 2>&1)
exec {typist_says}< <(exec "$folder/build/chat" test "$url" <&"$keyboard" 2>&1)
await() { # await DESCRIPTOR TEXT: until a line that holds TEXT
  local line
  while read -r -t 120 -u "$1" line; do
    [[ $line == *"$2"* ]] && echo "$line" && return
    echo "$line" >&2
  done
  echo "waited in vain for: $2" >&2
  return 1
}
await "$typist_says" ' joined' # By its own word: the other may know of the pair earlier.
echo 'hello from the other' >&"$keyboard"
await "$listener_says" ': hello from the other'
