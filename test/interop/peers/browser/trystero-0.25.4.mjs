import './before.mjs';
import { joinRoom, selfId } from 'trystero-0.25.4';
import { joinRoom as joinOverWsRelay } from '../ws-relay-strategy.mjs';
import { startPage } from './page.mjs';

startPage({ version: '0.25.4', strategies: { nostr: joinRoom, ws: joinOverWsRelay }, selfId });
