// What the benchmarks share: the processes that they measure, and the table that they print.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const children = new Set();

/** `lines`: which of its outputs nextLine reads. */
export const start = ([command, ...args], lines = "stdout") => {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  children.add(child);
  child.on("exit", () => children.delete(child));
  child[lines === "stdout" ? "stderr" : "stdout"].resume();
  child.lines = createInterface({ input: child[lines] })[Symbol.asyncIterator]();
  return child;
};

export const stopAll = () => {
  for (const child of children) child.kill("SIGKILL");
};

export const nextLine = async (child, limit = 120_000) => {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), limit);
  });
  const { value, done } = await Promise.race([child.lines.next(), late]);
  clearTimeout(timer);
  if (done) throw new Error("a process ended early");
  return value;
};

/** The first group of the first line that matches. */
export const lineLike = async (child, pattern) => {
  for (;;) {
    const found = pattern.exec(await nextLine(child));
    if (found) return found[1];
  }
};

export const residentMegabytes = (child) => {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)[1]) / 1024;
};

export const processorSeconds = (child) => {
  const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

/** The URL of a relay of its own. */
export const startRelay = async (folder) => {
  const relay = start([`${folder}/roomwire`, "relay", "--listen", "127.0.0.1:0"], "stderr");
  return lineLike(relay, /(ws:\/\/127\.0\.0\.1:\d+)/);
};

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Runs measure(kind, round) for each kind in turn. By kind, what came of each round. */
export const inTurn = async (kinds, rounds, measure) => {
  const results = Object.fromEntries(kinds.map((kind) => [kind, []]));
  for (let round = 0; round < rounds; ++round) {
    for (const kind of kinds) {
      process.stderr.write(`round ${round + 1} of ${rounds}: ${kind}\n`);
      results[kind].push(await measure(kind, round));
    }
  }
  return results;
};

/** `figures`: [name, key] of each line; `results`: those of roomwire under native, and node. */
export const printTable = (title, other, figures, results) => {
  console.log(`| ${title} | roomwire | ${other} | ratio |`);
  console.log("| --- | --- | --- | --- |");
  for (const [name, key] of figures) {
    const [ours, theirs] = ["native", "node"].map((kind) =>
      median(results[kind].map((r) => r[key])),
    );
    const round = (value) => (value >= 100 ? value.toFixed(0) : value.toFixed(2));
    const ratio = theirs === 0 ? "" : (ours / theirs).toFixed(3);
    console.log(`| ${name} | ${round(ours)} | ${round(theirs)} | ${ratio} |`);
  }
};
