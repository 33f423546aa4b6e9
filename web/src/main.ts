// Puts the page together.
import './room/ownId.ts';
import { Address } from './address.ts';
import { commands, typedCommands, type Actions } from './commands.ts';
import { loadConfig } from './config.ts';
import { installCrypto } from './crypto/install.ts';
import { kinds } from './objects/index.ts';
import { Patch } from './patch/model.ts';
import { Runtime } from './patch/runtime.ts';
import { start, starters } from './patch/starters.ts';
import { newRoom } from './room/link.ts';
import { Room } from './room/room.ts';
import { noWebRtc, showBroken } from './ui/broken.ts';
import { Canvas } from './ui/canvas.ts';
import { h } from './ui/dom.ts';
import { Notices } from './ui/notices.ts';
import { openPalette } from './ui/palette.ts';
import { Panel } from './ui/panel.ts';
import { openSetRoom, openShare } from './ui/share.ts';
import { starterBar } from './ui/starterBar.ts';
import { Topbar } from './ui/topbar.ts';

const wideEnough = 1000; // px: the panel has room beside the patch

async function main(): Promise<void> {
  const [config] = await Promise.all([loadConfig(), installCrypto()]);
  const notices = new Notices();
  const notice = (text: string): void => notices.show(text);
  const patch = new Patch(kinds);
  const room = new Room(config);
  const ring = (): void => notice('Wires go round in a ring: the message was stopped.');
  const runtime = new Runtime(patch, kinds, room, ring, notice);
  const canvas = new Canvas(patch, kinds, runtime, notice);
  const address = new Address(patch, (made) => {
    topbar.showRoom(made);
    room.join(made);
  });

  const share = (): void => void address.link().then(openShare);
  const go = (to: string): void => void address.go(to);
  const setRoom = (): void => openSetRoom({ current: address.room, ofProcess: config.room, go });
  const togglePanel = (): void => showPanel(panel.element.hidden !== false);
  const showPanel = (isOpen: boolean): void => {
    panel.element.hidden = !isOpen;
    topbar.panelIsOpen(isOpen);
    panel.look();
  };
  const actions: Actions = {
    add: (kind, settings) => void canvas.addObject(kind, settings),
    share,
    setRoom,
    newRoom: () => go(newRoom()),
    togglePanel,
    start: (starter) => start(patch, starter),
  };
  const palette = (byKey: boolean): void =>
    openPalette(commands(kinds, actions), (text) => typedCommands(kinds, text, actions.add), byKey);
  const topbar = new Topbar({ palette: () => palette(false), share, setRoom, togglePanel });
  const panel = new Panel(room, config.version, () => showPanel(false));
  document.body.append(
    topbar.element,
    h('div', { class: 'below' }, canvas.element, panel.element),
    notices.element,
  );
  addEventListener('keydown', (event) => {
    if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (!document.querySelector('dialog[open]')) palette(true);
  });

  const refused = address.refuseBadRoom();
  if (refused !== undefined) notice(`The room of this link was not joined. ${refused}`);
  const hadRoom = address.room;
  if (hadRoom !== undefined) room.join(hadRoom);
  topbar.showRoom(hadRoom);
  showPanel(innerWidth >= wideEnough);
  panel.onReport((report) => topbar.showReport(report));
  const brought = await address.load();
  if (brought === 'damaged')
    notice('The patch in this link is damaged and was not opened. This is an empty patch.');
  if (brought === 'partly')
    notice('Some objects of this link are not known here and were left out, or hold too long a text, which was cut.');
  if (patch.usesRoom() && hadRoom === undefined && refused === undefined)
    notice('The link named no room, so a new one was made.');
  address.follow();
  if (patch.usesRoom()) address.needRoom();
  if (brought === 'nothing') offerStarters();

  function offerStarters(): void {
    const bar = starterBar((starter) => {
      choosing = true;
      start(patch, starter);
      choosing = false;
    });
    let choosing = true;
    canvas.element.prepend(bar);
    if (starters[0]) start(patch, starters[0]);
    choosing = false;
    // Once the patch is somebody's own, the bar is in the way.
    patch.onChange(({ what }) => {
      if (!choosing && what !== 'set') bar.remove();
    });
  }
}

// A page that the browser kept alive without its connections.
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});

if (typeof RTCPeerConnection === 'undefined') showBroken('No WebRTC here', noWebRtc);
else
  await main().catch((error: unknown) => {
    showBroken('The page could not start', `Load it again. What went wrong: ${String(error)}`);
    throw error;
  });
