// Many messages, made and judged within the peer, so that they need no command or event each.
export const bulkCommands = {
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
