// Reads the head of Trystero's data channel frames (0.23 to 0.25), to see what passes.
//   room data  01, u16 token length, room token, then a chunk: 32 bytes action name, u16 nonce,
//              u8 tag bits, u8 progress, payload                     (core/dist/action-wire.mjs)
//   presence   02, …                                                 (core/dist/shared-peer.mjs)

export interface Chunk {
  token: string;
  action: string;
  isLast: boolean;
  isMeta: boolean;
  isBinary: boolean;
  isJson: boolean;
  payload: Uint8Array;
}

const roomData = 0x01;
const nameSize = 32;
const tagAt = 34;
const headSize = 36;
const decoder = new TextDecoder();

/** Undefined for what is no room data, or too short to be. */
export function readChunk(frame: Uint8Array): Chunk | undefined {
  if (frame.length < 3 || frame[0] !== roomData) return undefined;
  const tokenEnd = 3 + (((frame[1] ?? 0) << 8) | (frame[2] ?? 0));
  if (frame.length < tokenEnd + headSize) return undefined;
  const chunk = frame.subarray(tokenEnd);
  const tag = chunk[tagAt] ?? 0;
  return {
    token: decoder.decode(frame.subarray(3, tokenEnd)),
    action: decoder.decode(chunk.subarray(0, nameSize)).replaceAll('\0', ''),
    isLast: (tag & 1) !== 0,
    isMeta: (tag & 2) !== 0,
    isBinary: (tag & 4) !== 0,
    isJson: (tag & 8) !== 0,
    payload: chunk.subarray(headSize),
  };
}

/** Actions of the protocol itself are no channels. */
export const isInternal = (action: string): boolean => action.startsWith('@_');
