import { spawnNodePeer } from './lib/peer.mjs';
import { matrixTests } from './matrix.mjs';

matrixTests('node-datachannel', (options) =>
  spawnNodePeer({ ...options, rtc: 'node-datachannel' }),
);
