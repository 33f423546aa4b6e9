/** What travels on wires and channels: JSON values and bytes. */
export type Message = null | boolean | number | string | Uint8Array | Message[] | MessageMap;
export interface MessageMap {
  [key: string]: Message;
}

export function isMap(message: Message | undefined): message is MessageMap {
  return (
    typeof message === 'object' &&
    message !== null &&
    !Array.isArray(message) &&
    !(message instanceof Uint8Array)
  );
}

export const bang: Message = { type: 'bang' };

export function isBang(message: Message): boolean {
  return message === 'bang' || (isMap(message) && message['type'] === 'bang');
}

/** The channel that `{"type":"set-channel","channel":…}` asks for; undefined for anything else. */
export function channelAskedFor(message: Message): string | undefined {
  if (!isMap(message) || message['type'] !== 'set-channel') return undefined;
  const { channel } = message;
  return typeof channel === 'string' || typeof channel === 'number' ? String(channel) : undefined;
}

const longestChannel = 32; // bytes of UTF-8: the field of an action's name in Trystero's frames

/** Why `name` can be no channel, or undefined when it can. */
export function channelFault(name: string): string | undefined {
  if (name === '') return 'A channel needs a name.';
  if (name.startsWith('@_')) return 'Names that begin with @_ are kept for the protocol.';
  if (name.includes('\0')) return 'A channel name cannot hold the character NUL.';
  if (isBuiltIn(name)) return `The name ${name} is one that JavaScript keeps for itself.`;
  const bytes = new TextEncoder().encode(name).length;
  if (bytes > longestChannel)
    return `A channel name has at most ${longestChannel} bytes; this one has ${bytes}.`;
  return undefined;
}

/** Trystero keeps channels and rooms in plain objects, where these names are taken. */
export const isBuiltIn = (name: string): boolean => name in Object.prototype;
