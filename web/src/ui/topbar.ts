// The bar above the patch: room, peers, adding, sharing.
import type { Report } from '../room/trouble.ts';
import { h, icon } from './dom.ts';

export interface TopbarActions {
  palette(): void;
  share(): void;
  setRoom(): void;
  togglePanel(): void;
}

export class Topbar {
  readonly #room = h('span', { class: 'room-name' });
  readonly #state = h('span', { class: 'state-text' });
  readonly #pill: HTMLButtonElement;
  readonly element: HTMLElement;

  constructor(actions: TopbarActions) {
    const button = (label: string, run: () => void, ...children: (Node | string)[]) =>
      h('button', { type: 'button', 'aria-label': label, title: label, onclick: run }, ...children);
    const room = button(
      'Set room for netsend/netrecv',
      actions.setRoom,
      h('span', { class: 'room-label' }, 'room'),
      this.#room,
    );
    room.classList.add('room');
    this.#pill = h(
      'button',
      {
        type: 'button',
        class: 'pill',
        'aria-controls': 'panel',
        'aria-expanded': 'false',
        onclick: actions.togglePanel,
      },
      h('span', { class: 'dot' }),
      this.#state,
    );
    const mod = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘' : 'Ctrl ';
    const add = button('Add', actions.palette, icon('add'), h('span', { class: 'wide' }, 'Add'));
    add.append(h('kbd', {}, `${mod}K`));
    const share = button(
      'Share',
      actions.share,
      icon('share'),
      h('span', { class: 'wide' }, 'Share'),
    );
    share.classList.add('primary');
    this.element = h(
      'header',
      { class: 'topbar' },
      h('h1', {}, 'roomwire'),
      room,
      h('span', { class: 'spacer' }),
      this.#pill,
      add,
      share,
    );
  }

  showRoom(room: string | undefined): void {
    this.#room.textContent = room ?? 'none yet';
  }

  showReport({ state, title }: Report): void {
    this.#pill.dataset['state'] = state;
    if (this.#state.textContent !== title) this.#state.textContent = title;
    this.#pill.setAttribute('aria-label', `${title}; peers and channels`);
  }

  panelIsOpen(isOpen: boolean): void {
    this.#pill.setAttribute('aria-expanded', String(isOpen));
  }
}
