// Imported first: Trystero draws its id and takes WebSocket when it is loaded.
import { steerSelfId } from '../steer-id.mjs';
import { watchSockets } from '../trystero-control.mjs';

steerSelfId(new URLSearchParams(location.search).get('id') ?? '');
watchSockets((event) => globalThis.peerEvent(event));
