// Bulk data between a browser and a native peer, beside the same browser and a Node peer: same
// relay, same page (Trystero 0.25.4), same messages, in turn.
//   node bench/browser.mjs BUILD-FOLDER [ROUNDS]
import { fileURLToPath } from "node:url";
import { Browser } from "../test/interop/lib/browser.mjs";
import { inTurn, printTable, start, startRelay, stopAll } from "./processes.mjs";

const [folder, rounds = "5"] = process.argv.slice(2);
const kinds = {
  native: [`${folder}/bench/bench_peer`],
  node: [process.execPath, fileURLToPath(new URL("peer.mjs", import.meta.url))],
};
const total = 5_000_000;
const sizes = [
  ["1 KB", 1024],
  ["16 KB", 16_384],
  ["5 MB", total],
];
const rows = ["to", "from"].flatMap((direction) =>
  sizes.map(([name, size]) => ({ key: `${direction} ${name}`, direction, size })),
);

const measure = async (browser, kind, url, round) => {
  const room = `bulk ${browser.name} ${kind} ${round} ${process.pid}`;
  const page = await browser.peer();
  await page.open({ appId: "patchies", relays: [{ kind: "nostr", url }] });
  await page.join(room);
  const other = start([...kinds[kind], "obey", room, url]);
  await page.event("join", { roomId: room });
  const result = {};
  for (const { key, direction, size } of rows) {
    const count = Math.ceil(total / size);
    const { ms } = await page.command("measure", { roomId: room, direction, size, count }, 120_000);
    result[key] = (count * size) / 1e3 / ms;
  }
  await page.stop();
  other.kill();
  return result;
};

try {
  const url = await startRelay(folder);
  for (const name of ["chromium", "firefox"]) {
    const browser = await Browser.start(name);
    const results = await inTurn(Object.keys(kinds), Number(rounds), (kind, round) =>
      measure(browser, kind, url, round),
    );
    const shown = name[0].toUpperCase() + name.slice(1);
    const figures = rows.map(({ key, direction }) => {
      const path = direction === "to" ? `${shown} → peer` : `peer → ${shown}`;
      return [`${path}, ${key.slice(direction.length + 1)} (MB/s)`, key];
    });
    const title = `median of ${rounds} rounds of 5 MB in messages`;
    printTable(title, "Trystero 0.25.4 in Node", figures, results);
    await browser.stop();
  }
} finally {
  stopAll();
}
