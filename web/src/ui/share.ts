// The dialogs about the room: sharing the patch's link, and going to another room.
import { newRoom, readRoom } from '../room/link.ts';
import { code } from './code.ts';
import { openDialog } from './dialog.ts';
import { h } from './dom.ts';

export function openShare(link: string): void {
  const entry = h('textarea', {
    readonly: true,
    rows: 4,
    class: 'entry link',
    'aria-label': 'link',
  });
  entry.value = link;
  const said = h('p', { class: 'said', role: 'status' });
  const copy = h('button', { type: 'button', class: 'primary' }, 'Copy');
  copy.addEventListener('click', () => {
    void copyText(entry).then((done) => {
      said.textContent = done ? 'Copied.' : 'Select the link and copy it.';
    });
  });
  const buttons = [copy];
  // Offered by phones, and over https alone.
  if ('share' in navigator) {
    const send = h('button', { type: 'button' }, 'Send…');
    send.addEventListener('click', () => void navigator.share({ url: link }).catch(() => {}));
    buttons.push(send);
  }
  openDialog(
    'Share Patch Link',
    h('p', {}, 'Whoever opens it is in this room, with these objects.'),
    entry,
    h('footer', {}, said, ...buttons),
    ...(isOfThisMachine(new URL(link)) ? [warning()] : code(link)),
  );
  entry.focus();
  // Shown from the beginning: Firefox goes where the selection ends, Chromium to the end of the text.
  entry.setSelectionRange(0, link.length, 'backward');
  entry.scrollTop = 0;
}

const isOfThisMachine = ({ hostname }: URL): boolean =>
  /^(localhost|127\.|\[::1\])/.test(hostname);

function warning(): Node {
  const text =
    'This page is served to this machine alone, so the link works here only. Start roomwire web with --listen 0.0.0.0:PORT to let phones in.';
  return h('p', { class: 'warning' }, text);
}

async function copyText(entry: HTMLTextAreaElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(entry.value);
    return true;
  } catch {
    // Over plain http there is no clipboard but that of the selection.
    entry.select();
    return document.execCommand('copy');
  }
}

export interface RoomChoice {
  current: string | undefined;
  /** The room that the serving process is in. */
  ofProcess: string | undefined;
  go(room: string): void;
}

export function openSetRoom({ current, ofProcess, go }: RoomChoice): void {
  const why = h('p', { class: 'fault', role: 'alert' });
  const entry = h('input', {
    class: 'entry',
    'aria-label': 'room',
    placeholder: 'a name, or a link with ?room=',
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    value: current ?? '',
  });
  const leave = (room: string): void => {
    dialog.close();
    if (room !== current) go(room);
  };
  const form = h(
    'form',
    {
      class: 'form',
      onsubmit: (event: SubmitEvent) => {
        event.preventDefault();
        // As in Patchies, an empty name is no room, so that a new one is made.
        const room =
          entry.value === ''
            ? { ok: true as const, value: newRoom() }
            : readRoom(entry.value);
        if (room.ok) leave(room.value);
        else why.textContent = room.why;
        entry.setAttribute('aria-invalid', String(!room.ok));
      },
    },
    entry,
    why,
  );
  const buttons = [h('button', { type: 'button', onclick: () => leave(newRoom()) }, 'New room')];
  if (ofProcess !== undefined && ofProcess !== current)
    buttons.push(
      h('button', { type: 'button', onclick: () => leave(ofProcess) }, "This machine's room"),
    );
  form.append(h('footer', {}, ...buttons, h('button', { class: 'primary' }, 'Go')));
  const dialog = openDialog(
    'Set room for netsend/netrecv',
    h('p', {}, 'Everybody in the same room hears each other. The patch comes along.'),
    form,
  );
  entry.select();
}
