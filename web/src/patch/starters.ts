// Patches to begin with. They fit a phone held upright, and no wire runs behind an object.
import { Patch, type Settings } from './model.ts';

export interface Starter {
  name: string;
  about: string;
  objects: [kind: string, x: number, y: number, settings: Settings][];
  wires: [from: number, to: number][];
}

export const starters: readonly Starter[] = [
  {
    name: 'OSC fader',
    about: 'plays a synth',
    objects: [
      ['slider', 24, 32, { address: '/fader/1' }],
      ['netsend', 24, 176, { channel: 'osc' }],
      ['netrecv', 24, 320, { channel: 'osc' }],
      ['value', 24, 456, {}],
    ],
    wires: [
      [0, 1],
      [2, 3],
    ],
  },
  {
    name: 'DMX light',
    about: 'dimmer and colour',
    objects: [
      ['slider', 16, 32, { as: 'dmx', channel: 0, min: 0, max: 255, whole: true }],
      ['color', 64, 168, { as: 'dmx', channel: 1, color: '#ff8000' }],
      ['netsend', 16, 352, { channel: 'dmx' }],
      ['netrecv', 16, 488, { channel: 'dmx' }],
      ['value', 16, 616, {}],
    ],
    wires: [
      [0, 2],
      [1, 2],
      [3, 4],
    ],
  },
  {
    name: 'Chat',
    about: 'text to everybody',
    objects: [
      ['message', 24, 32, { mode: 'text', clear: true }],
      ['netsend', 24, 200, { channel: 'chat' }],
      ['netrecv', 24, 336, { channel: 'chat' }],
      ['list', 24, 464, {}],
    ],
    wires: [
      [0, 1],
      [2, 3],
    ],
  },
  { name: 'Empty', about: 'a blank patch', objects: [], wires: [] },
];

/** Puts a starter into a patch in place of what is there. */
export function start(patch: Patch, starter: Starter): void {
  patch.clear();
  const ids = starter.objects.map(([kind, x, y, settings]) => patch.add(kind, x, y, settings)?.id);
  for (const [from, to] of starter.wires) {
    const [source, target] = [ids[from], ids[to]];
    if (source !== undefined && target !== undefined) patch.connect(source, target);
  }
}
