#!/usr/bin/env bash
# trystero 0.23.0 and 0.25.4 (npm), both with their defaults and the app id of Patchies: the public
# Nostr relays that the two ask have none in common, so a script on today's release and a page on the
# older one wait for each other for ever, without any error. No connection is made here: a WebSocket
# that only notes its URL stands in its place.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . \
  old@npm:trystero@0.23.0 new@npm:trystero@0.25.4 node-datachannel@0.33.4 >/dev/null

cat >look.mjs <<'JS'
import { RTCPeerConnection } from 'node-datachannel/polyfill';
const asked = { old: new Set(), new: new Set() };
for (const release of ['old', 'new']) {
  const urls = asked[release];
  let enough;
  const all = new Promise((resolve) => (enough = resolve));
  globalThis.WebSocket = class {
    readyState = 0;
    constructor(url) {
      this.url = url;
      if (urls.add(String(url)).size === 5) enough();
    }
    addEventListener() {}
    removeEventListener() {}
    send() {}
    close() {}
  };
  const { joinRoom } = await import(release);
  joinRoom({ appId: 'patchies', rtcPolyfill: RTCPeerConnection }, 'room');
  await all;
}
const shared = [...asked.old].filter((url) => asked.new.has(url));
console.log(`0.23.0 asks ${asked.old.size} relays, 0.25.4 asks ${asked.new.size}, in common ${shared.length}`);
process.exit(0);
JS
node look.mjs >seen
cat seen
diff -u - seen <<'TEXT'
0.23.0 asks 5 relays, 0.25.4 asks 5, in common 0
TEXT
