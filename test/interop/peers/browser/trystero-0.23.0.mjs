import './before.mjs';
import { joinRoom, selfId } from 'trystero-0.23.0';
import { startPage } from './page.mjs';

startPage({ version: '0.23.0', strategies: { nostr: joinRoom }, selfId });
