// Short lines for the person in front of the page; screen readers say them.
import { h } from './dom.ts';

const shownFor = 6_000; // ms
const most = 3; // at a time

export class Notices {
  readonly element = h('div', { class: 'notices', role: 'status', 'aria-live': 'polite' });

  show(text: string): void {
    // The same again is no news.
    if ([...this.element.children].some((one) => one.textContent === text)) return;
    const line = h(
      'button',
      { type: 'button', class: 'notice', onclick: () => line.remove() },
      text,
    );
    this.element.append(line);
    while (this.element.children.length > most) this.element.firstElementChild?.remove();
    setTimeout(() => line.remove(), shownFor);
  }
}
