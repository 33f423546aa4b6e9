// What a kind of object is: how it behaves (no DOM), and how it looks.
import type { Message } from '../messages/message.ts';
import { addressFault, type Speech } from '../messages/shapes.ts';
import type { KindShape, Setting, Settings } from '../patch/model.ts';

/** The room, as objects see it. */
export interface Net {
  /**
   * To how many peers it goes; undefined when it could not be sent: no room yet, a bad channel, or
   * peers that take nothing.
   */
  send(channel: string, message: Message): number | undefined;
  /** Returns what ends the listening. */
  listen(channel: string, listener: (message: Message, from: string) => void): () => void;
}

/** What an object is given by the patch that it is in. */
export interface Host {
  readonly settings: Settings;
  set(key: string, value: Setting): void;
  /** Sends a message out of the outlet. */
  emit(message: Message): void;
  /** Says that there is something new to show. */
  changed(): void;
  /** Called when a setting or what is shown has changed. */
  onChange(listener: () => void): void;
  readonly net: Net;
  /** A line for the person in front of the page. */
  notice(text: string): void;
}

export interface Instance {
  /** A message came to the inlet. */
  receive?(message: Message): void;
  settingsChanged?(): void;
  stop?(): void;
}

/** A setting that one can change in the object's dialog. */
export interface Field {
  key: string;
  label: string;
  /** Values and their names, for a choice. */
  choices?: readonly (readonly [string, string])[];
  /** Why a value is refused. */
  fault?: (value: string) => string | undefined;
  min?: number;
  max?: number;
  /** Shown only then. */
  when?: (settings: Settings) => boolean;
}

export interface Kind<I extends Instance = Instance> extends KindShape {
  readonly name: string;
  /** For the palette: what it is for, in a few words. */
  readonly about: string;
  /** Other words that find it in the palette. */
  readonly words?: string;
  readonly fields: readonly Field[];
  /** Beside the kind in the object's head, such as the channel. */
  label(settings: Settings): string;
  create(host: Host): I;
  /** What is inside the object on the page. */
  view(instance: I, host: Host): HTMLElement;
}

/** A kind whose instances only it knows. */
export function define<I extends Instance>(kind: Kind<I>): Kind {
  return kind as unknown as Kind;
}

// Controls speak OSC, DMX or plain values, by three settings that all of them have.

export const speechDefaults = { as: 'osc', address: '/control', channel: 0 };

export function speechOf(settings: Settings): Speech {
  return {
    as: String(settings['as']),
    address: String(settings['address']),
    channel: Number(settings['channel']),
  };
}

export const speechFields: readonly Field[] = [
  {
    key: 'as',
    label: 'Speaks',
    choices: [
      ['osc', 'OSC: {"address","args"}'],
      ['dmx', 'DMX: [{"channel","value"}]'],
      ['plain', 'plain values'],
    ],
  },
  {
    key: 'address',
    label: 'OSC address',
    fault: addressFault,
    when: (settings) => settings['as'] === 'osc',
  },
  {
    key: 'channel',
    label: 'DMX channel, the first is 0',
    min: 0,
    max: 511,
    when: (settings) => settings['as'] === 'dmx',
  },
];

export function speechLabel(settings: Settings): string {
  const { as, address, channel } = speechOf(settings);
  if (as === 'osc') return address;
  return as === 'dmx' ? `dmx ${channel}` : '';
}
