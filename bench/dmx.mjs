// Measures how evenly light frames leave two bridges: roomwire dmx, and beside it the documented
// script in Node (dmx-bridge.mjs). Same relay, same moving show from the same peer, in turn.
//   node bench/dmx.mjs BUILD-FOLDER [ROUNDS] [SECONDS]
import { fileURLToPath } from "node:url";
import {
  inTurn,
  nextLine,
  printTable,
  processorSeconds,
  residentMegabytes,
  start,
  startRelay,
  stopAll,
} from "./processes.mjs";

const [folder, rounds = "5", seconds = "10"] = process.argv.slice(2);
const nodeBridge = fileURLToPath(new URL("dmx-bridge.mjs", import.meta.url));

const kinds = {
  native(room, url, universes, port) {
    const to = Array.from({ length: universes }, (_, i) => [
      "--to",
      `artnet://127.0.0.1:${port}/${i}`,
    ]);
    const place = ["--room", room, "--relay", url, "--ice-server", "none"];
    return start([`${folder}/roomwire`, "dmx", ...place, ...to.flat()], "stderr");
  },
  node: (room, url, universes, port) =>
    start([process.execPath, nodeBridge, room, url, String(universes), port]),
};

const measure = async (kind, url, round, universes) => {
  const room = `dmx ${kind} ${universes} ${round} ${process.pid}`;
  const load = start([`${folder}/bench/bench_dmx_load`, room, url, String(universes), seconds]);
  const port = await nextLine(load);
  const bridge = kinds[kind](room, url, universes, port);
  const result = JSON.parse(await nextLine(load));
  const [memory, cpu] = [residentMegabytes(bridge), processorSeconds(bridge)];
  bridge.kill();
  return { ...result, memory, cpu };
};

const figures = [
  ["frame out of step, p50 (ms)", "p50"],
  ["frame out of step, p99 (ms)", "p99"],
  ["frame out of step, worst (ms)", "max"],
  ["frames per second of a universe", "rate"],
  ["memory of the bridge (MB)", "memory"],
  ["processor time of the bridge (s)", "cpu"],
];

try {
  const url = await startRelay(folder);
  for (const universes of [1, 16, 64]) {
    const results = await inTurn(Object.keys(kinds), Number(rounds), (kind, round) =>
      measure(kind, url, round, universes),
    );
    const many = `${universes} universe${universes > 1 ? "s" : ""} at 44 Hz`;
    const title = `median of ${rounds} rounds of ${seconds} s, ${many}`;
    printTable(title, "Trystero 0.25.4 and dmxnet in Node", figures, results);
    console.log();
  }
} finally {
  stopAll();
}
