import { spawnNodePeer } from './lib/peer.mjs';
import { matrixTests } from './matrix.mjs';

matrixTests('werift', (options) => spawnNodePeer({ ...options, rtc: 'werift' }));
