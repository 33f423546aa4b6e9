// Many messages, made and judged within the peer, so that they need no command or event each.
export const bulkCommands = {
  /** Sends `count` messages; each `%n` in jsonText is the message's number, from 0. */
  burst: async ({ roomId, action, jsonText, count }, control) => {
    const { send } = control.rooms.get(roomId).action({ action });
    const batch = 1000;
    for (let sent = 0; sent < count; sent += batch) {
      const numbers = Array.from({ length: Math.min(batch, count - sent) }, (_, i) => sent + i);
      await Promise.all(numbers.map((n) => send(JSON.parse(jsonText.replaceAll('%n', n)), {})));
    }
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
