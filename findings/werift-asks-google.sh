#!/usr/bin/env bash
# werift 0.25.2 (npm, WebRTC in TypeScript): an RTCPeerConnection with `iceServers: []` asks
# stun.l.google.com all the same, and without an answer gathers for 5 s. Browsers ask nobody then;
# on a network without internet each meeting takes 5 s longer. (Its name is answered here with this
# machine, so that nothing is sent out.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . werift@0.25.2 >/dev/null

cat >look.cjs <<'JS'
const dns = require('node:dns');
const asked = new Set();
dns.promises.lookup = async (name) => {
  asked.add(name);
  return { address: '127.0.0.1', family: 4 };
};
const { RTCPeerConnection } = require('werift');

(async () => {
  const peer = new RTCPeerConnection({ iceServers: [] });
  peer.createDataChannel('data');
  const begun = Date.now();
  const complete = new Promise((resolve) =>
    peer.iceGatheringStateChange.subscribe((state) => state === 'complete' && resolve()),
  );
  await peer.setLocalDescription(await peer.createOffer());
  await complete;
  console.log(`iceServers: ${JSON.stringify(peer.config.iceServers)}`);
  console.log(`asked: ${[...asked].join(', ')}`);
  console.log(`gathered for 5 s or more: ${Date.now() - begun >= 4900}`);
  process.exit(0);
})();
JS
node look.cjs >seen
cat >expected <<'TEXT'
iceServers: []
asked: stun.l.google.com
gathered for 5 s or more: true
TEXT
cat seen
diff -u expected seen
