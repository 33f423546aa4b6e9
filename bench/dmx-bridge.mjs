// The bridge that script/bench sets beside roomwire dmx: the script of Patchies' documentation on
// Trystero 0.25.4 and dmxnet, with its defects mended: it has a WebSocket under Node 20, speaks
// today's Trystero, and takes messages for several universes.
//   node bench/dmx-bridge.mjs ROOM RELAY UNIVERSES PORT
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("../test/interop/package.json", import.meta.url));
const load = (name) => import(pathToFileURL(require.resolve(name)));

const [roomId, relay, universes, port] = process.argv.slice(2);
globalThis.WebSocket ??= (await load("ws")).default;
const { RTCPeerConnection } = await load("node-datachannel/polyfill");
const { joinRoom } = await load("trystero-0.25.4");
const { dmxnet } = require("dmxnet");

// A port of its own to listen on, so that no other program is in the way.
const artnet = new dmxnet({ listen: 0, hosts: ["127.0.0.1"], log: { silent: true } });
const senders = Array.from({ length: Number(universes) }, (_, i) =>
  artnet.newSender({ ip: "127.0.0.1", port: Number(port), subnet: i >> 4, universe: i & 15 }),
);
const config = {
  appId: "patchies",
  relayConfig: { urls: [relay] },
  rtcPolyfill: RTCPeerConnection,
  rtcConfig: { iceServers: [] },
};
const action = joinRoom(config, roomId).makeAction("dmx");
action.onMessage = ({ universe, channels }) => {
  for (const { channel, value } of channels) senders[universe].prepChannel(channel, value);
  senders[universe].transmit();
};
