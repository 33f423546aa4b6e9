// The room beside the patch: who is there and how they are reached, what passes, and what is wrong.
import { Rate, type Tally } from '../room/monitor.ts';
import { describePath } from '../room/paths.ts';
import type { PeerView, Room } from '../room/room.ts';
import { report, type Report } from '../room/trouble.ts';
import { h, icon } from './dom.ts';

const every = 1_000; // ms between looks
const mostRates = 2_000;
const shownId = 8; // characters of a peer id; enough to tell peers apart

export class Panel {
  readonly #title = h('h2', {});
  readonly #detail = h('p', {});
  readonly #peers = h('tbody');
  readonly #channels = h('tbody');
  readonly #terminal = h('code', { tabindex: 0 });
  readonly #rates = new Map<string, Rate>();
  readonly element: HTMLElement;
  #onReport: (report: Report) => void = () => {};

  constructor(
    private readonly room: Room,
    version: string,
    close: () => void,
  ) {
    this.element = h(
      'aside',
      { class: 'panel', id: 'panel', 'aria-label': 'room' },
      h(
        'header',
        {},
        this.#title,
        h(
          'button',
          { type: 'button', class: 'quiet', 'aria-label': 'close', onclick: close },
          icon('close'),
        ),
      ),
      this.#detail,
      table('Peers', ['Peer', 'Path', 'Round trip', 'In/s', 'Out/s'], this.#peers),
      table('Channels', ['Channel', 'In/s', 'Out/s', 'In all'], this.#channels),
      h('h3', {}, 'From a terminal'),
      this.#terminal,
      h('footer', {}, `You are ${room.selfId.slice(0, shownId)} · roomwire ${version}`),
    );
    room.onChange(() => this.look());
    setInterval(() => this.look(), every);
  }

  onReport(listener: (report: Report) => void): void {
    this.#onReport = listener;
    this.look();
  }

  look(): void {
    const now = report(this.room.situation(performance.now()));
    this.#onReport(now);
    if (this.element.hidden) return;
    setText(this.#title, now.title);
    setText(this.#detail, now.detail);
    this.#detail.hidden = now.detail === '';
    this.element.dataset['state'] = now.state;
    this.#drawChannels();
    this.#drawTerminal();
    void this.room.peers().then((peers) => this.#drawPeers(peers));
  }

  #drawPeers(peers: PeerView[]): void {
    const rows = peers.map((peer) => {
      const { id, path, counts } = peer;
      const address = path?.address ?? '';
      const types = path ? `${path.local} – ${path.remote}, ${path.protocol}` : '';
      return row(id, [
        cell(id.slice(0, shownId), id),
        cell(
          path ? describePath(path) : 'connecting',
          [types, address].filter(Boolean).join(' '),
          types,
        ),
        cell(showRoundTrip(path?.roundTrip)),
        cell(this.#rate(`in ${id}`, counts.in)),
        cell(this.#rate(`out ${id}`, counts.out)),
      ]);
    });
    this.#peers.replaceChildren(...(rows.length > 0 ? rows : [nothing(5, 'nobody yet')]));
  }

  #drawChannels(): void {
    const rows = [...this.room.monitor.channels].flatMap(([name, tally]) =>
      this.#channelRows(name, tally),
    );
    this.#channels.replaceChildren(
      ...(rows.length > 0 ? rows : [nothing(4, 'nothing has passed yet')]),
    );
  }

  #channelRows(name: string, tally: Tally): HTMLElement[] {
    const total = `${tally.in} in, ${tally.out} out, ${tally.bytes} bytes`;
    const counts = row(name, [
      cell(name, total),
      cell(this.#rate(`channel in ${name}`, tally.in)),
      cell(this.#rate(`channel out ${name}`, tally.out)),
      cell(String(tally.in + tally.out), total),
    ]);
    const last = `${tally.lastFrom === 'in' ? '←' : '→'} ${tally.last}`;
    const value = h('td', { colspan: 4, title: tally.last }, last);
    return [counts, h('tr', { class: 'last', 'data-last': name }, value)];
  }

  #rate(key: string, count: number): string {
    // Of peers that left long ago; a missed second of a rate hurts nobody.
    if (this.#rates.size > mostRates) this.#rates.clear();
    const rate = this.#rates.get(key) ?? new Rate();
    this.#rates.set(key, rate);
    const perSecond = rate.update(performance.now(), count);
    return perSecond === 0 ? '0' : perSecond < 10 ? perSecond.toFixed(1) : perSecond.toFixed(0);
  }

  #drawTerminal(): void {
    const { roomId, ownRelay } = this.room;
    const relay = ownRelay.replace(/\/$/, '');
    const id = `'${(roomId ?? '').replaceAll("'", "'\\''")}'`;
    setText(
      this.#terminal,
      roomId === undefined ? '–' : `roomwire netrecv osc \\\n  --room ${id} \\\n  --relay ${relay}`,
    );
  }
}

/** Browsers tell it in whole milliseconds, or so. */
function showRoundTrip(ms: number | undefined): string {
  if (ms === undefined) return '–';
  return ms < 1 ? '< 1 ms' : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}

function table(title: string, heads: string[], body: HTMLElement): HTMLElement {
  return h(
    'table',
    {},
    h('caption', {}, title),
    h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', { scope: 'col' }, head)))),
    body,
  );
}

function row(key: string, cells: HTMLElement[]): HTMLElement {
  return h('tr', { 'data-key': key }, ...cells);
}

function cell(text: string, title?: string, small?: string): HTMLElement {
  return h('td', { title }, text, ...(small ? [h('small', {}, small)] : []));
}

function nothing(columns: number, text: string): HTMLElement {
  return h('tr', { class: 'empty' }, h('td', { colspan: columns }, text));
}

/** Only what is new, so that a selection stays. */
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
