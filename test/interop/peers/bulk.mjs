// Many messages, made and judged within the peer, so that they need no command or event each.
const batch = 100;

export const bulkCommands = {
  /**
   * How many milliseconds `count` messages of `size` bytes take to (or from) a peer that obeys the
   * orders `take COUNT` and `give COUNT SIZE`: those of bench/.
   */
  measure: async ({ roomId, direction, size, count }, control) => {
    const room = control.rooms.get(roomId);
    const order = room.action({ action: 'order' });
    const bulk = room.action({ action: 'bulk' });
    const heard = (what) =>
      new Promise((resolve) => order.onMessage((data) => data === what && resolve()));
    if (direction === 'from') {
      let left = count;
      const all = new Promise((resolve) => bulk.onMessage(() => --left === 0 && resolve()));
      const start = performance.now();
      await order.send(`give ${count} ${size}`, {});
      await all;
      return { ms: performance.now() - start };
    }
    const ready = heard('ready');
    await order.send(`take ${count}`, {});
    await ready;
    const done = heard('done');
    const data = new Uint8Array(size);
    const start = performance.now();
    for (let sent = 0; sent < count; sent += batch) {
      const next = Array.from({ length: Math.min(batch, count - sent) });
      await Promise.all(next.map(() => bulk.send(data, {})));
    }
    await done;
    return { ms: performance.now() - start };
  },

  /**
   * Sends `count` messages, to all or `to` one peer; each `%n` in jsonText is the message's number,
   * from 0. One after the other: of two that are sent at once Trystero may let the later one pass
   * while the earlier one waits for a full channel.
   */
  burst: async ({ roomId, action, jsonText, count, to }, control) => {
    const { send } = control.rooms.get(roomId).action({ action });
    for (let n = 0; n < count; n++) await send(JSON.parse(jsonText.replaceAll('%n', n)), { to });
  },
  /**
   * From now on messages of the action are not reported, but counted until there are `count`. The
   * first argument of each should be its number; the event `tally` says where it first was not.
   */
  tally: ({ roomId, action, count }, control) => {
    let seen = 0;
    let wrong;
    control.rooms
      .get(roomId)
      .action({ action })
      .onMessage((data) => {
        if (data.args?.[0] !== seen) wrong ??= `${JSON.stringify(data)} as number ${seen}`;
        if (++seen === count) control.emit({ event: 'tally', roomId, count, wrong });
      });
  },
};
