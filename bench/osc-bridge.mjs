// The bridge that script/bench sets beside roomwire osc: the script of Patchies' documentation on
// Trystero 0.25.4 and node-osc, with its defects mended: it has a WebSocket under Node 20, speaks
// today's Trystero, keeps its socket open after a message, and answers nobody.
//   node bench/osc-bridge.mjs listen|to ROOM RELAY [PORT]
// `listen` takes OSC into the room and prints its port; `to` sends the room's messages as OSC.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("../test/interop/package.json", import.meta.url));
const load = (name) => import(pathToFileURL(require.resolve(name)));

const [role, roomId, relay, port] = process.argv.slice(2);
globalThis.WebSocket ??= (await load("ws")).default;
const { RTCPeerConnection } = await load("node-datachannel/polyfill");
const { joinRoom } = await load("trystero-0.25.4");
const { Client, Server } = await load("node-osc");

const config = {
  appId: "patchies",
  relayConfig: { urls: [relay] },
  rtcPolyfill: RTCPeerConnection,
  rtcConfig: { iceServers: [] },
};
const room = joinRoom(config, roomId);
const action = room.makeAction("osc");

if (role === "listen") {
  const server = new Server(0, "127.0.0.1", () => console.log(`listening on ${server.port}`));
  server.on("message", ([address, ...args]) => action.send({ address, args }));
} else {
  const client = new Client("127.0.0.1", Number(port));
  action.onMessage = ({ address, args }) =>
    client.send(address, ...args, (error) => error && console.error(error));
}
