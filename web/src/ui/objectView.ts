// One object on the page: its head to drag it by, its inlet and outlet, and what the kind shows.
import type { Host, Instance, Kind } from '../objects/kind.ts';
import type { Patch, PatchObject } from '../patch/model.ts';
import { focusInView, h, holdTouch, icon, isTyping } from './dom.ts';
import { onFrame } from './frame.ts';
import { openSettings } from './settings.ts';

export type End = 'inlet' | 'outlet';

export interface ObjectViewEvents {
  /** A wire begins or ends here: by click, tap or key, or by dragging. */
  end(object: PatchObject, end: End, event: Event): void;
  dragEnd(object: PatchObject, end: End, event: PointerEvent): void;
}

const grid = 8; // px
export const snapped = (at: number): number => Math.max(0, Math.round(at / grid) * grid);

const arrows: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export class ObjectView {
  readonly element: HTMLElement;
  readonly inlet: HTMLButtonElement | undefined;
  readonly outlet: HTMLButtonElement | undefined;
  readonly #name = h('span', { class: 'name' });
  readonly #more: HTMLButtonElement;

  constructor(
    private readonly patch: Patch,
    readonly object: PatchObject,
    private readonly kind: Kind,
    running: { instance: Instance; host: Host },
    private readonly events: ObjectViewEvents,
  ) {
    this.#more = h(
      'button',
      { type: 'button', class: 'quiet more', onclick: () => this.open() },
      icon('more'),
    );
    const head = h(
      'header',
      { class: 'head' },
      h('span', { class: 'kind' }, kind.name),
      this.#name,
      this.#more,
    );
    this.inlet = kind.inlet ? this.#port('inlet') : undefined;
    this.outlet = kind.outlet ? this.#port('outlet') : undefined;
    const body = h('div', { class: 'body' }, kind.view(running.instance, running.host));
    this.element = h('section', {
      class: `object is-${kind.name}`,
      tabindex: 0,
      role: 'group',
      'aria-roledescription': 'object',
      onkeydown: (event: KeyboardEvent) => this.#key(event),
    });
    for (const part of [this.inlet, head, body, this.outlet]) if (part) this.element.append(part);
    this.#dragBy(head);
    this.place();
    this.label();
    running.host.onChange(onFrame(() => this.label()));
  }

  /** What it is called, for people and for screen readers. */
  get title(): string {
    return `${this.kind.name} ${this.kind.label(this.object.settings)}`.trim();
  }

  label(): void {
    // A network object shows its channel in the field below the head.
    const isChannel = 'channel' in this.object.settings && !('as' in this.object.settings);
    const text = isChannel ? '' : this.kind.label(this.object.settings);
    if (this.element.getAttribute('aria-label') === this.title) return;
    this.#name.textContent = text;
    this.element.setAttribute('aria-label', this.title);
    this.#more.setAttribute('aria-label', `settings of ${this.title}`);
    this.inlet?.setAttribute('aria-label', `inlet of ${this.title}`);
    this.outlet?.setAttribute('aria-label', `outlet of ${this.title}`);
  }

  place(): void {
    this.element.style.left = `${this.object.x}px`;
    this.element.style.top = `${this.object.y}px`;
  }

  open(): void {
    openSettings(this.patch, this.object, this.kind);
  }

  #port(end: End): HTMLButtonElement {
    const port = h('button', {
      type: 'button',
      class: `port ${end}`,
      title: end,
      onclick: (event: MouseEvent) => this.events.end(this.object, end, event),
    });
    holdTouch(port);
    port.addEventListener('pointerdown', (event) => {
      if (event.button === 0) this.events.dragEnd(this.object, end, event);
    });
    return port;
  }

  #key(event: KeyboardEvent): void {
    if (event.key === 'Escape' && event.target !== this.element) {
      focusInView(this.element);
      return;
    }
    if (event.target !== this.element || event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = arrows[event.key];
    if (arrow) {
      const size = event.shiftKey ? 1 : grid;
      const { id, x, y } = this.object;
      this.patch.move(id, x + arrow[0] * size, y + arrow[1] * size);
      this.element.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    } else if (event.key === 'Enter') this.open();
    else if (event.key === 'Delete' || event.key === 'Backspace') this.patch.remove(this.object.id);
    else if (event.key === 'w' || event.key === 'W') {
      const port = this.outlet ?? this.inlet;
      if (port) this.events.end(this.object, this.outlet ? 'outlet' : 'inlet', event);
    } else return;
    event.preventDefault();
  }

  #dragBy(head: HTMLElement): void {
    holdTouch(head);
    let from: { x: number; y: number; left: number; top: number } | undefined;
    head.addEventListener('pointerdown', (event) => {
      if (event.button !== 0 || isTyping(event.target)) return;
      if (event.target instanceof Element && event.target.closest('button')) return;
      head.setPointerCapture(event.pointerId);
      const { x, y } = this.object;
      from = { x: event.clientX, y: event.clientY, left: x, top: y };
      this.element.classList.add('dragged');
    });
    head.addEventListener('pointermove', (event) => {
      if (!from) return;
      this.patch.move(
        this.object.id,
        snapped(from.left + event.clientX - from.x),
        snapped(from.top + event.clientY - from.y),
      );
    });
    const stop = (): void => {
      from = undefined;
      this.element.classList.remove('dragged');
    };
    head.addEventListener('pointerup', stop);
    head.addEventListener('pointercancel', stop);
    head.addEventListener('dblclick', () => this.open());
  }
}
