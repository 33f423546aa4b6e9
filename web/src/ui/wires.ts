// Wires drawn between objects; each has a button in its middle that removes it.
import type { Patch, Wire } from '../patch/model.ts';
import { h, icon, svg } from './dom.ts';
import { onFrame } from './frame.ts';
import type { ObjectView } from './objectView.ts';

interface Point {
  x: number;
  y: number;
}

interface Drawn {
  line: SVGPathElement;
  touch: SVGPathElement;
  cut: HTMLButtonElement;
}

export class Wires {
  readonly element = svg('svg', { class: 'wires', 'aria-hidden': 'true' });
  readonly buttons = h('div', { class: 'cuts' });
  readonly #drawn = new Map<Wire, Drawn>();
  readonly #loose = svg('path', { class: 'wire loose' });
  readonly redraw = onFrame(() => this.#draw());

  constructor(
    private readonly patch: Patch,
    private readonly views: ReadonlyMap<number, ObjectView>,
  ) {
    this.element.append(this.#loose);
  }

  add(wire: Wire): void {
    const line = svg('path', { class: 'wire' });
    // A wider line that is not seen, for fingers.
    const touch = svg('path', { class: 'wire-touch' });
    const cut = h(
      'button',
      {
        type: 'button',
        class: 'cut',
        onclick: () => this.patch.disconnect(wire.from, wire.to),
      },
      icon('close'),
    );
    for (const [type, on] of [
      ['pointerenter', true],
      ['pointerleave', false],
    ] as const)
      touch.addEventListener(type, () => cut.classList.toggle('near', on));
    touch.addEventListener('click', () => cut.classList.add('near'));
    this.element.append(line, touch);
    this.buttons.append(cut);
    this.#drawn.set(wire, { line, touch, cut });
    this.#label(wire, cut);
    this.redraw();
  }

  remove(wire: Wire): void {
    const drawn = this.#drawn.get(wire);
    drawn?.line.remove();
    drawn?.touch.remove();
    drawn?.cut.remove();
    this.#drawn.delete(wire);
  }

  /** The wire that is being drawn, from a port to a point of the stage; none hides it. */
  loose(view?: ObjectView, end?: 'inlet' | 'outlet', to?: Point): void {
    const from = view && end && portOf(view, end);
    if (!from || !to) this.#loose.removeAttribute('d');
    else this.#loose.setAttribute('d', end === 'outlet' ? curve(from, to) : curve(to, from));
  }

  /** An object is called something else now. */
  relabel(id: number): void {
    for (const [wire, { cut }] of this.#drawn)
      if (wire.from === id || wire.to === id) this.#label(wire, cut);
  }

  #label({ from, to }: Wire, cut: HTMLElement): void {
    const label = `remove wire from ${this.#title(from)} to ${this.#title(to)}`;
    if (cut.getAttribute('aria-label') !== label) cut.setAttribute('aria-label', label);
  }

  #title(id: number): string {
    return this.views.get(id)?.title ?? '';
  }

  #draw(): void {
    for (const [wire, { line, touch, cut }] of this.#drawn) {
      const [source, target] = [this.views.get(wire.from), this.views.get(wire.to)];
      if (!source || !target) continue;
      const [from, to] = [portOf(source, 'outlet'), portOf(target, 'inlet')];
      const path = curve(from, to);
      line.setAttribute('d', path);
      touch.setAttribute('d', path);
      cut.style.left = `${(from.x + to.x) / 2}px`;
      cut.style.top = `${(from.y + to.y) / 2}px`;
    }
  }
}

function portOf(view: ObjectView, end: 'inlet' | 'outlet'): Point {
  const { offsetLeft, offsetTop, offsetHeight } = view.element;
  return { x: offsetLeft + portInset, y: offsetTop + (end === 'outlet' ? offsetHeight : 0) };
}
const portInset = 29; // px from the object's left edge to the middle of a port; see object.css

function curve(from: Point, to: Point): string {
  const bend = Math.max(
    24,
    Math.min(96, Math.abs(to.y - from.y) / 2 + Math.abs(to.x - from.x) / 8),
  );
  return `M${from.x} ${from.y}C${from.x} ${from.y + bend} ${to.x} ${to.y - bend} ${to.x} ${to.y}`;
}
