// Making elements without a library.

type Handler = (event: never) => void;
export type Attributes = Record<string, string | number | boolean | undefined | Handler>;

/** h('button', {class: 'x', onclick: f}, 'text'): attributes, listeners (on…), children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  assign(element, attributes);
  element.append(...children);
  return element;
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Node[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  assign(element, attributes);
  element.append(...children);
  return element;
}

function assign(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function')
      element.addEventListener(name.slice(2), value as unknown as EventListener);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
}

const paths = {
  add: 'M12 5v14M5 12h14',
  share: 'M12 15V4M8 7.500l4-4 4 4M6 11H5v9h14v-9h-1',
  more: 'M6 12h.01M12 12h.01M18 12h.01',
  close: 'M6 6l12 12M18 6L6 18',
};

export function icon(name: keyof typeof paths): SVGElement {
  return svg(
    'svg',
    { viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true' },
    svg('path', { d: paths[name] }),
  );
}

/** Whether keys typed now belong to a field. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return target.type !== 'range';
  return target.matches('textarea, select');
}

/** The focus, without the jump that browsers make where only a step is needed to see it. */
export function focusInView(element: HTMLElement | undefined): void {
  element?.focus({ preventScroll: true });
  element?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

/** Whether a key did it, and no pointer; a key that presses a button makes a click without a count. */
export const isByKey = (event: Event): boolean => !(event instanceof UIEvent) || event.detail === 0;

/**
 * For what is dragged or played by finger: no move on it is a scroll. touch-action alone leaves
 * Chromium believing in a fling, and it swallows the next tap.
 */
export function holdTouch(element: HTMLElement): void {
  element.addEventListener('touchmove', (event) => event.preventDefault(), { passive: false });
}
