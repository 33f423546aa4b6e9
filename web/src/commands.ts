// What the palette offers.
import { channelFault } from './messages/message.ts';
import { isNetwork, type Settings } from './patch/model.ts';
import { starters, type Starter } from './patch/starters.ts';
import type { Kind } from './objects/kind.ts';
import type { Command } from './ui/palette.ts';

export interface Actions {
  add(kind: string, settings?: Settings): void;
  share(): void;
  setRoom(): void;
  newRoom(): void;
  togglePanel(): void;
  start(starter: Starter): void;
}

export function commands(kinds: ReadonlyMap<string, Kind>, actions: Actions): Command[] {
  const adding = [...kinds.values()].map(({ name, about, words = '' }): Command => ({
    title: `Add ${name}`,
    hint: about,
    words,
    run: () => actions.add(name),
  }));
  const starting = starters.map((starter): Command => ({
    title: `Start with: ${starter.name}`,
    hint: `${starter.about}, in place of this patch`,
    words: 'starter template example new clear',
    run: () => actions.start(starter),
  }));
  return [
    ...adding,
    { title: 'Share Patch Link', words: 'copy url invite', run: actions.share },
    { title: 'Set room for netsend/netrecv', words: 'join', run: actions.setRoom },
    { title: 'New room for netsend/netrecv', words: 'leave', run: actions.newRoom },
    {
      title: 'Show or hide the room',
      hint: 'peers, channels, what is wrong',
      words: 'monitor panel',
      run: actions.togglePanel,
    },
    ...starting,
  ];
}

/** `netsend osc` adds an object of that kind with that name. */
export function typedCommands(
  kinds: ReadonlyMap<string, Kind>,
  text: string,
  add: Actions['add'],
): Command[] {
  const [, name = '', rest = ''] = /^(?:add\s+)?(\S+)\s+(\S.*)$/i.exec(text) ?? [];
  const kind = kinds.get(name.toLowerCase());
  if (!kind || rest === '') return [];
  const settings = namedSettings(kind, rest);
  if (!settings) return [];
  return [
    { title: `Add ${kind.name} ${rest}`, hint: kind.about, run: () => add(kind.name, settings) },
  ];
}

function namedSettings({ name, defaults }: Kind, text: string): Settings | undefined {
  if (isNetwork(name)) return channelFault(text) ? undefined : { channel: text };
  if ('text' in defaults) return { text };
  if (!('as' in defaults)) return undefined;
  if (text.startsWith('/')) return { as: 'osc', address: text };
  const dmx = /^(?:dmx\s+)?(\d{1,3})$/.exec(text)?.[1];
  return dmx !== undefined && Number(dmx) < 512 ? { as: 'dmx', channel: Number(dmx) } : undefined;
}
