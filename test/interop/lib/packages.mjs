// What other test folders need of this one's npm packages.
export { schnorr } from '@noble/secp256k1';
export { WebSocket, WebSocketServer } from 'ws';
export { EventRepository } from '@nostr-relay/common';
export { NostrRelay } from '@nostr-relay/core';
