#!/usr/bin/env bash
# node-datachannel 0.33.4 (npm), its WebRTC polyfill: none of the descriptions of a new connection is
# null, each is an object with an empty `sdp`, and the id of a channel that has none yet is 65535. So
# the usual question "is there a remoteDescription yet?" is always answered with yes: candidates that
# come early are not kept back but handed to addIceCandidate, which then rejects.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . node-datachannel@0.33.4 >/dev/null

cat >look.mjs <<'JS'
import { RTCPeerConnection } from 'node-datachannel/polyfill';
const connection = new RTCPeerConnection();
const kinds = ['local', 'currentLocal', 'pendingLocal', 'remote', 'currentRemote', 'pendingRemote'];
for (const kind of kinds) {
  console.log(`${kind}Description: ${JSON.stringify(connection[`${kind}Description`])}`);
}
console.log(`id of a new channel: ${connection.createDataChannel('x').id}`);
const other = new RTCPeerConnection();
const candidate = 'candidate:1 1 UDP 2122317823 127.0.0.1 9 typ host';
await other.addIceCandidate({ candidate, sdpMid: '0', sdpMLineIndex: 0 }).then(
  () => console.log('early candidate: taken'),
  (error) => console.log(`early candidate: rejected (${error.name})`),
);
connection.close();
other.close();
process.exit(0);
JS
node look.mjs >seen
cat seen
diff -u - seen <<'TEXT'
localDescription: {"sdp":""}
currentLocalDescription: {"sdp":""}
pendingLocalDescription: {"sdp":""}
remoteDescription: {"sdp":""}
currentRemoteDescription: {"sdp":""}
pendingRemoteDescription: {"sdp":""}
id of a new channel: 65535
early candidate: rejected (InvalidStateError)
TEXT
