// The patch on the page: objects and wires, and making wires by pointer, by taps or by keys.
import type { Kind } from '../objects/kind.ts';
import type { Change, Patch, PatchObject } from '../patch/model.ts';
import type { Runtime } from '../patch/runtime.ts';
import { focusInView, h, isByKey } from './dom.ts';
import { ObjectView, snapped, type End } from './objectView.ts';
import { Wires } from './wires.ts';

const margin = 160; // px of room below and beside the last object

/** A port that was chosen and waits for the other end. */
interface Armed {
  object: PatchObject;
  end: End;
}

const other = (end: End): End => (end === 'inlet' ? 'outlet' : 'inlet');

export class Canvas {
  readonly #stage = h('div', { class: 'stage' });
  readonly #empty = h(
    'p',
    { class: 'nothing-here' },
    'Nothing here yet: add an object with + or Ctrl/Cmd+K.',
  );
  readonly element = h('main', { class: 'canvas', 'aria-label': 'patch' }, this.#stage);
  readonly #views = new Map<number, ObjectView>();
  readonly #wires: Wires;
  readonly #sizes = new ResizeObserver(() => this.#fit());
  #armed: Armed | undefined;
  #dragged = false;

  constructor(
    private readonly patch: Patch,
    private readonly kinds: ReadonlyMap<string, Kind>,
    private readonly runtime: Runtime,
    private readonly notice: (text: string) => void,
  ) {
    this.#wires = new Wires(patch, this.#views);
    this.#stage.append(this.#empty, this.#wires.element, this.#wires.buttons);
    patch.onChange((change) => this.#follow(change));
    this.element.addEventListener('keydown', (event) => this.#key(event));
    this.element.addEventListener('click', (event) => {
      const onObject = event.target instanceof Element && event.target.closest('.object');
      if (!onObject) this.#disarm();
    });
  }

  /** Adds an object where it is seen and free, and gives it the focus. */
  addObject(kind: string, settings = {}): PatchObject | undefined {
    const { x, y } = this.#freePlace();
    const object = this.patch.add(kind, x, y, settings);
    if (!object) {
      this.notice('The patch is full.');
      return undefined;
    }
    focusInView(this.#views.get(object.id)?.element);
    return object;
  }

  focus(): void {
    const first = this.#stage.querySelector<HTMLElement>('.object');
    if (first) focusInView(first);
  }

  #follow(change: Change): void {
    if (change.what === 'added') this.#show(change.object);
    if (change.what === 'removed') this.#hide(change.object);
    if (change.what === 'moved') {
      this.#views.get(change.object.id)?.place();
      this.#fit();
    }
    if (change.what === 'wired') this.#wires.add(change.wire);
    if (change.what === 'unwired') this.#wires.remove(change.wire);
    if (change.what === 'set') this.#wires.relabel(change.object.id);
    else this.#mark();
  }

  #show(object: PatchObject): void {
    const kind = this.kinds.get(object.kind);
    const running = this.runtime.running(object.id);
    if (!kind || !running) return;
    const view = new ObjectView(this.patch, object, kind, running, {
      end: (at, end, event) => this.#choose({ object: at, end }, isByKey(event)),
      dragEnd: (at, end, event) => this.#drag({ object: at, end }, event),
    });
    this.#views.set(object.id, view);
    this.#stage.insertBefore(view.element, this.#wires.buttons);
    this.#sizes.observe(view.element);
    this.#fit();
  }

  #hide(object: PatchObject): void {
    const view = this.#views.get(object.id);
    if (!view) return;
    const hadFocus = view.element.contains(document.activeElement);
    const next = view.element.nextElementSibling ?? view.element.previousElementSibling;
    this.#sizes.unobserve(view.element);
    view.element.remove();
    this.#views.delete(object.id);
    if (this.#armed?.object === object) this.#disarm();
    // Whoever works by keys goes on with the neighbour.
    if (hadFocus && next instanceof HTMLElement && next.matches('.object')) focusInView(next);
    else if (hadFocus) this.focus();
    this.#fit();
  }

  /** The stage is as large as the objects need, so that one can scroll to all of them. */
  #fit(): void {
    let [width, height] = [0, 0];
    for (const { element } of this.#views.values()) {
      width = Math.max(width, element.offsetLeft + element.offsetWidth);
      height = Math.max(height, element.offsetTop + element.offsetHeight);
    }
    this.#empty.hidden = this.#views.size > 0;
    const canScroll = width > this.element.clientWidth;
    this.#stage.style.width = canScroll ? `${width + margin / 4}px` : '';
    this.#stage.style.height = `${height + margin}px`;
    this.#wires.redraw();
  }

  #freePlace(): { x: number; y: number } {
    const { scrollLeft, scrollTop } = this.element;
    const taken = [...this.#views.values()].map(({ element }) => element);
    let y = snapped(scrollTop + 32);
    const x = snapped(scrollLeft + 24);
    const covers = (one: HTMLElement): boolean =>
      one.offsetLeft < x + 220 &&
      one.offsetLeft + one.offsetWidth > x &&
      one.offsetTop < y + 100 &&
      one.offsetTop + one.offsetHeight + 24 > y;
    for (let hit = taken.find(covers); hit; hit = taken.find(covers))
      y = snapped(hit.offsetTop + hit.offsetHeight + 32);
    return { x, y };
  }

  /** Ports that have a wire are filled; those that could take the one being made are lit. */
  #mark(): void {
    for (const { object, inlet, outlet } of this.#views.values()) {
      const ends = [
        [inlet, 'inlet'],
        [outlet, 'outlet'],
      ] as const;
      for (const [port, end] of ends) {
        const wired = this.patch.wires.some(
          ({ from, to }) => (end === 'inlet' ? to : from) === object.id,
        );
        port?.classList.toggle('wired', wired);
        const armed = this.#armed?.object === object && this.#armed.end === end;
        port?.classList.toggle('armed', armed);
        const wanted = this.#armed && this.#armed.object !== object && this.#armed.end !== end;
        port?.classList.toggle('wanted', Boolean(wanted));
      }
    }
    this.element.classList.toggle('wiring', this.#armed !== undefined);
  }

  /** Who points sees where: the patch stays as it is. Who works by keys is shown where they are. */
  #choose(chosen: Armed, byKey: boolean): void {
    if (this.#dragged) return;
    const armed = this.#armed;
    if (!armed || (armed.object !== chosen.object && armed.end === chosen.end))
      return this.#arm(chosen, byKey);
    this.#disarm();
    if (armed.object !== chosen.object) this.#connect(armed, chosen);
    this.#goTo(this.#views.get(armed.object.id)?.element, byKey);
  }

  #arm(armed: Armed, byKey: boolean): void {
    this.#armed = armed;
    this.#mark();
    const nearest = this.#nearestWanted(armed);
    if (!nearest) {
      this.#disarm();
      return this.notice(`There is no object with an ${other(armed.end)} to wire it to.`);
    }
    const leave = !byKey && matchMedia('(hover: none)').matches ? 'a tap beside it' : 'Esc';
    this.notice(`Now choose an ${other(armed.end)}; ${leave} leaves it.`);
    this.#goTo(nearest, byKey);
  }

  #goTo(element: HTMLElement | undefined, byKey: boolean): void {
    if (byKey) focusInView(element);
    else element?.focus({ preventScroll: true });
  }

  #disarm(): void {
    if (!this.#armed) return;
    this.#armed = undefined;
    this.#wires.loose();
    this.#mark();
  }

  #wantedPorts(): HTMLElement[] {
    return [...this.#stage.querySelectorAll<HTMLElement>('.port.wanted')];
  }

  #nearestWanted({ object, end }: Armed): HTMLElement | undefined {
    const from = this.#views.get(object.id)?.[end]?.getBoundingClientRect();
    const distance = (port: HTMLElement): number => {
      const { x, y } = port.getBoundingClientRect();
      return Math.hypot(x - (from?.x ?? 0), y - (from?.y ?? 0));
    };
    return this.#wantedPorts().sort((a, b) => distance(a) - distance(b))[0];
  }

  #connect(one: Armed, two: Armed): void {
    const [from, to] = one.end === 'outlet' ? [one, two] : [two, one];
    const names = [from, to].map(({ object }) => this.#views.get(object.id)?.title);
    if (this.patch.isConnected(from.object.id, to.object.id)) {
      this.patch.disconnect(from.object.id, to.object.id);
      this.notice(`Removed the wire from ${names.join(' to ')}.`);
    } else if (this.patch.connect(from.object.id, to.object.id))
      this.notice(`Wired ${names.join(' to ')}.`);
  }

  #key(event: KeyboardEvent): void {
    if (!this.#armed) return;
    if (event.key === 'Escape') {
      const { object } = this.#armed;
      this.#disarm();
      focusInView(this.#views.get(object.id)?.element);
    } else if (/^Arrow|^Tab$/.test(event.key)) {
      const back = event.key === 'ArrowUp' || event.key === 'ArrowLeft' || event.shiftKey;
      const ports = this.#wantedPorts();
      const now = ports.indexOf(document.activeElement as HTMLElement);
      focusInView(ports[(now + (back ? -1 : 1) + ports.length) % ports.length]);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #drag(start: Armed, down: PointerEvent): void {
    const view = this.#views.get(start.object.id);
    const port = down.currentTarget;
    if (!view || !(port instanceof HTMLElement)) return;
    port.setPointerCapture(down.pointerId);
    let moved = false;
    const move = (event: PointerEvent): void => {
      moved ||= Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) > 6;
      if (!moved) return;
      const box = this.#stage.getBoundingClientRect();
      const to = { x: event.clientX - box.left, y: event.clientY - box.top };
      this.#wires.loose(view, start.end, to);
    };
    const up = (event: PointerEvent): void => {
      port.removeEventListener('pointermove', move);
      port.removeEventListener('pointerup', up);
      port.removeEventListener('pointercancel', up);
      this.#wires.loose();
      if (!moved || event.type !== 'pointerup') return;
      // The click that follows on the port itself is no choice of its own.
      this.#dragged = true;
      setTimeout(() => (this.#dragged = false), 0);
      this.#drop(start, event);
    };
    port.addEventListener('pointermove', move);
    port.addEventListener('pointerup', up);
    port.addEventListener('pointercancel', up);
  }

  /** On an object is as good as on its port. */
  #drop(start: Armed, { clientX, clientY }: PointerEvent): void {
    const under = document.elementFromPoint(clientX, clientY)?.closest('.object');
    const target = [...this.#views.values()].find(({ element }) => element === under);
    if (!target || target.object === start.object) return;
    this.#connect(start, { object: target.object, end: other(start.end) });
  }
}
